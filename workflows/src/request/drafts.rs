//! Drafts that are to be improved, and agents that are to be made.

use super::settings::{catalogue_of, common_of, improvement_settings, too_many};
use super::{Improvement, follow_up};
use crate::agent_spec::{self, check_name, plain};
use crate::extent::Extent;
use crate::graft::{Checks, Rules};
use crate::improve::{DEFINITION_KIND, Origin, Wanted};
use crate::registry;
use crate::spec::{AgentSpec, CreationSpec, DraftSpec, RefinementSpec};
use parallel_agents_engine::agents::AgentDefinition;
use parallel_agents_engine::problem::Problem;
use parallel_agents_engine::task::AgentSource;
use parallel_agents_engine::text;

/// Bytes of one draft as compact JSON.
const MAX_DRAFT_BYTES: usize = 64 * 1024;

pub(super) fn refinement(request: RefinementSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Improvement> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    let settings = improvement_settings(&request.common, common, &mut catalogue, problems);
    let drafts = request.drafts.into_iter().enumerate();
    let wanted: Vec<Wanted> =
        drafts.map(|(index, draft)| given(draft, &format!("/drafts/{index}"), problems)).collect();
    agent_spec::check_unique(wanted.iter().map(|draft| draft.name.as_str()), "/drafts", problems);
    let settings = settings?;
    too_many(Extent::of_drafts(&settings, &wanted, None).most, "fewer drafts, rounds or judges", problems);
    Some(Improvement { settings, wanted, registry: Vec::new(), follow_up_tasks: None })
}

pub(super) fn creation(request: CreationSpec, checks: Checks, problems: &mut Vec<Problem>) -> Option<Improvement> {
    let mut catalogue = catalogue_of(checks.built_in, &request.common.agents, problems);
    let common = common_of(&request.common, &mut catalogue, problems);
    let settings = improvement_settings(&request.common, common.clone(), &mut catalogue, problems);
    agent_spec::check(&request.new_agents, "/new_agents", &mut catalogue, problems);
    let wanted: Vec<Wanted> = request.new_agents.iter().map(AgentSpec::wanted).collect();
    let registry = registry::read(&request.registry, problems);
    let rules = Rules { common, agents: request.common.agents, checks };
    let follow_up_tasks = request.tasks.map(|tasks| follow_up::tasks(tasks, rules, &wanted, &registry, problems));
    let settings = settings?;
    let sessions = Extent::of_drafts(&settings, &wanted, follow_up_tasks.as_ref()).most;
    too_many(sessions, "fewer agent types, rounds, judges or tasks", problems);
    Some(Improvement { settings, wanted, registry, follow_up_tasks })
}

fn given(draft: DraftSpec, path: &str, problems: &mut Vec<Problem>) -> Wanted {
    check_name(&draft.name, path, true, problems);
    let kind = draft.kind.unwrap_or_else(|| DEFINITION_KIND.to_owned());
    let bytes = draft.draft.to_string().len();
    if draft.draft.as_str().is_some_and(|text| text.trim().is_empty()) {
        problems.push(Problem::new("E_DRAFT_EMPTY", format!("{path}/draft"), "draft: is blank"));
    } else if bytes > MAX_DRAFT_BYTES {
        let message = format!("draft: got {bytes} bytes, need at most {MAX_DRAFT_BYTES}");
        problems.push(Problem::new("E_DRAFT_TOO_LARGE", format!("{path}/draft"), message).got(bytes));
    } else if kind == DEFINITION_KIND && !draft.draft.is_null() {
        match AgentDefinition::read(&AgentSource::Definition(draft.draft.clone())) {
            Ok(agent) if agent.name.as_str() == draft.name => {}
            Ok(agent) => {
                let message = format!(
                    "draft: defines {}, but is called {}",
                    text::quoted(agent.name.as_str()),
                    text::quoted(&draft.name)
                );
                problems.push(Problem::new("E_AGENT_DEFINITION", format!("{path}/draft"), message));
            }
            Err(faults) => problems.extend(faults.iter().map(|fault| {
                let problem = fault.problem(format!("{path}/draft"), "draft");
                problem.hint("for anything but an agent definition, say in `kind` what it is")
            })),
        }
    }
    for (field, value) in
        [("kind", Some(&kind)), ("purpose", draft.purpose.as_ref()), ("rubric", draft.rubric.as_ref())]
    {
        plain(value, &format!("{path}/{field}"), problems);
    }
    Wanted {
        name: draft.name,
        kind,
        purpose: draft.purpose,
        rubric: draft.rubric,
        schema: None,
        origin: Origin::Given(draft.draft),
    }
}
