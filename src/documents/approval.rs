//! Whether somebody has to agree before a call, and what they are told: what it spawns, and what that may cost.

use serde::Deserialize;
use serde_json::{Value, json};

use super::functions::{Function, known};
use super::spec::OperatorSpec;
use super::{Read, read};
use parallel_agents_engine::host::OperatorLimits;
use parallel_agents_engine::plan::{self, Plan};
use parallel_agents_engine::policy::approval::{self, Reason};
use parallel_agents_engine::problem::{CallError, Problem};
use parallel_agents_engine::report::document;
use parallel_agents_engine::task::{ApprovalSpec, BudgetSpec, Forecast};
use parallel_agents_engine::text;
use parallel_agents_workflows::outlook::Outlook;

/// What OpenClaw shows of a question at the most, in characters.
const MAX_TITLE_CHARS: usize = 80;
const MAX_TEXT_CHARS: usize = 512;

/// Of that, for the names of models.
const MAX_MODELS_CHARS: usize = 200;

/// What the host's operator wants. A field that is not known may be a threshold that was to hold, so it is an error.
fn operator(given: &Value) -> Result<OperatorSpec, String> {
    let operator = OperatorSpec::deserialize(given).map_err(|error| error.to_string())?;
    for (name, read) in [("approval", json!(operator.approval)), ("budget", json!(operator.budget))] {
        let mut fields = given.get(name).and_then(Value::as_object).into_iter().flatten();
        if let Some((field, _)) = fields.find(|(field, value)| !value.is_null() && read.get(field).is_none()) {
            return Err(format!("{name} has no field {}", text::quoted(field)));
        }
    }
    Ok(operator)
}

fn limits(operator: OperatorSpec) -> OperatorLimits {
    let BudgetSpec { tokens, micro_usd, spawns, seconds, session_tokens } = operator.budget;
    OperatorLimits {
        tokens,
        micro_usd,
        spawns,
        seconds,
        session_tokens,
        prices: operator.prices,
        tasks: operator.tasks,
    }
}

/// Answers `check_approval`, whose document fits its schema. What is wrong with the call itself is told as the call would
/// tell it, with places below `/arguments`. A call of `check_approval` is answered without reading it: it spawns nothing, and
/// calls within calls, each of which is kept until the innermost is answered, would take the memory of the component.
pub(super) fn check(document: &Value) -> Result<String, CallError> {
    let name = document.get("function").and_then(Value::as_str).unwrap_or_default();
    let function = known(name, "/function")?;
    let given = |name: &str| document.get(name).filter(|given| !given.is_null());
    let operator = given("operator").map(operator).transpose().map_err(|why| {
        let problem = Problem::new("E_OPERATOR", "/operator", format!("operator: {why}"));
        CallError::invalid(vec![
            problem.hint("give approval, budget and prices as a request has them, and a number of tasks"),
        ])
    })?;
    if function == Function::CheckApproval {
        return Ok(not_needed());
    }
    let arguments = given("arguments");
    // The text is given up once it has been read: it may be as large as the document.
    let read = read(function, &arguments.map_or_else(|| "{}".to_owned(), Value::to_string));
    let operator = operator.unwrap_or_default();
    let approval = operator.approval;
    let limits = limits(operator);
    let outlook = match read.map_err(below_arguments)? {
        Read::Run(plan) | Read::One(plan) => Some(Outlook::of_plan(allowed(*plan, &limits)?)),
        Read::Map(mut what) => {
            what.plan = allowed(what.plan, &limits)?;
            Some(Outlook::of_mapping(*what))
        }
        Read::Refine(what) | Read::Create(what) => Some(Outlook::of_improvement(*what)),
        Read::Reach(goal) => Some(Outlook::of_goal(*goal)),
        Read::Collect(_) | Read::Done(_) => None,
    };
    let Some(mut outlook) = outlook else { return Ok(not_needed()) };
    outlook.plan.rules.confine(&limits);
    // It has been checked with everything else.
    let own = arguments.and_then(|arguments| arguments.get("approval"));
    let own = own.and_then(|own| ApprovalSpec::deserialize(own).ok()).unwrap_or_default();
    let forecast = outlook.forecast();
    let reasons = approval::reasons(approval::stricter(approval, own), &forecast);
    Ok(document::to_text(&question(name, &outlook, &forecast, &reasons)))
}

/// The answer about a call that spawns nothing.
fn not_needed() -> String {
    document::to_text(&json!({ "needed": false }))
}

/// A plan that the operator allows. Nobody is asked about one that the call itself is refused for.
fn allowed(plan: Plan, limits: &OperatorLimits) -> Result<Plan, CallError> {
    match limits.refuse(plan.tasks.len()) {
        Some(problem) => Err(below_arguments(CallError::invalid(vec![problem]))),
        None => Ok(plan),
    }
}

fn below_arguments(error: CallError) -> CallError {
    match error {
        CallError::InvalidRequest(mut problems) => {
            problems.iter_mut().for_each(|problem| problem.path.insert_str(0, "/arguments"));
            CallError::InvalidRequest(problems)
        }
        other => other,
    }
}

/// What is asked. None of it was written by an agent: names of functions and models have no other characters than letters,
/// digits and a few marks.
fn question(function: &str, outlook: &Outlook, forecast: &Forecast, reasons: &[Reason]) -> Value {
    let plan = &outlook.plan;
    let models: Vec<String> =
        plan::models(&plan.rules, outlook.models_named()).into_iter().map(|model| model.unwrap_or_default()).collect();
    let shown: Vec<&str> =
        models.iter().map(|model| if model.is_empty() { "the gateway's own" } else { model }).collect();
    let cost = match (forecast.micro_usd_expected, forecast.micro_usd_worst) {
        (Some(expected), Some(worst)) => {
            format!("{} expected, {} at the most", text::dollars(expected, 4), text::dollars(worst, 4))
        }
        _ => "unknown, since a model has no price".to_owned(),
    };
    let mut lines = vec![
        format!(
            "{function}: {} sessions expected, {} at the most.",
            forecast.sessions_expected, forecast.sessions_worst
        ),
        format!("Cost: {cost}."),
        text::with_suffix(&["Models: ", &shown.join(", ")], &["."], MAX_MODELS_CHARS),
    ];
    if !reasons.is_empty() {
        let why: Vec<String> = reasons.iter().map(|reason| reason.words()).collect();
        lines.push(format!("Asked because {}.", why.join(", and ")));
    }
    let title = format!("Start {} parallel agents", forecast.sessions_expected);
    json!({
        "needed": !reasons.is_empty(),
        "title": text::first_chars(&title, MAX_TITLE_CHARS),
        "text": text::first_chars(&lines.join("\n"), MAX_TEXT_CHARS),
        "models": models,
        "forecast": forecast,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(document: Value) -> Value {
        serde_json::from_str(&check(&document).expect("a good request")).expect("JSON")
    }

    fn task(model: Option<&str>) -> Value {
        json!({ "agent_type": "code_reviewer", "task_description": "Look.", "model": model })
    }

    #[test]
    fn what_follows_from_results_is_counted_too() {
        let forecast = |function: &str, arguments: Value| {
            let reply = asked(json!({ "function": function, "arguments": arguments }));
            ["sessions_expected", "sessions_worst"].map(|name| reply["forecast"][name].as_u64().expect("a number"))
        };
        let draft = |name: &str| json!({ "name": name, "draft": "A text.", "kind": "text" });
        let [one, most_of_one] = forecast("run_iterative_refinement", json!({ "drafts": [draft("a")], "judges": 3 }));
        let [two, most_of_two] =
            forecast("run_iterative_refinement", json!({ "drafts": [draft("a"), draft("b")], "judges": 3 }));
        assert_eq!((one, two), (3, 6));
        assert!(most_of_two > most_of_one && most_of_one > 17, "{most_of_one} {most_of_two}");
        let agent_spec = json!({ "name": "a", "purpose": "To write." });
        assert_eq!(forecast("create_agents", json!({ "new_agents": [agent_spec] }))[0], 2);
        assert_eq!(forecast("orchestrate", json!({ "goal": "Write.", "max_tasks": 4 }))[0], 6);
        assert_eq!(forecast("orchestrate", json!({ "goal": "Write.", "budget": { "spawns": 9 } }))[1], 9);
    }

    #[test]
    fn a_run_over_many_items_counts_them_and_what_is_made_of_their_answers() {
        let items: Vec<Value> = (0..300).map(|number| json!({ "name": number })).collect();
        let step = json!({ "agent_type": "code_reviewer", "task_description": "Look at {{name}}.", "model": "a/one" });
        let mut arguments = json!({ "items": items, "steps": [step], "approval": { "above_sessions": 300 } });
        let ask = |arguments: &Value| asked(json!({ "function": "map_tasks", "arguments": arguments }));
        let alone = ask(&arguments);
        assert_eq!((alone["forecast"]["sessions_expected"].as_u64(), &alone["models"]), (Some(300), &json!(["a/one"])));
        let task = json!({ "agent_type": "code_reviewer", "task_description": "Sum up.", "model": "b/two" });
        arguments["reduce"] = json!({ "task": task, "group_size": 5 });
        let reduced = ask(&arguments);
        assert_eq!((&reduced["needed"], &reduced["models"]), (&json!(true), &json!(["a/one", "b/two"])));
        // 60 groups of five answers, 12 of theirs, 3, and the last one.
        assert_eq!(reduced["forecast"]["sessions_expected"].as_u64(), Some(376));
    }

    #[test]
    fn nobody_is_asked_about_more_tasks_than_the_operator_allows() {
        let call = |tasks: u32, more: &str| {
            let arguments = match more {
                "map_tasks" => json!({ "items": vec!["a"; tasks as usize], "steps": [
                    { "agent_type": "code_reviewer", "task_description": "Look at {{item}}." }] }),
                _ => json!({ "tasks": vec![task(None); tasks as usize] }),
            };
            check(&json!({ "function": more, "arguments": arguments, "operator": { "tasks": 3 } }))
        };
        for function in ["run_tasks", "map_tasks"] {
            assert!(call(3, function).is_ok(), "{function}");
            let Err(CallError::InvalidRequest(problems)) = call(4, function) else { panic!("{function}") };
            let [problem] = &problems[..] else { panic!("{problems:?}") };
            assert_eq!((problem.code.as_str(), problem.path.as_str()), ("E_TASK_COUNT", "/arguments"));
        }
    }

    #[test]
    fn a_question_about_this_question_is_answered_without_reading_it() {
        let ask = |arguments: Value| json!({ "function": "check_approval", "arguments": arguments });
        // It would be refused if it were read, as the call itself is.
        let faulty = json!({ "function": "run_tasks", "arguments": { "tasks": [] } });
        assert!(check(&faulty).is_err());
        for nested in [faulty.clone(), ask(faulty.clone()), ask(ask(ask(faulty)))] {
            assert_eq!(asked(ask(nested)), json!({ "needed": false }));
        }
        let odd = json!({ "function": "check_approval", "operator": { "tasks": "many" } });
        assert!(check(&odd).is_err(), "what the operator wants is still checked");
    }

    #[test]
    fn the_operator_s_budget_and_prices_count() {
        let ask = |operator: Value, arguments: Value| {
            asked(json!({ "function": "run_tasks", "arguments": arguments, "operator": operator }))
        };
        let free = json!({ "tasks": [task(None)], "prices": { "*": { "input": 0, "output": 0 } } });
        let threshold = json!({ "above_micro_usd": 0 });
        assert_eq!(ask(json!({ "approval": threshold }), free.clone())["needed"], false);
        let prices = json!({ "*": { "input": 5, "output": 9 } });
        let dear = ask(json!({ "approval": threshold, "prices": prices }), free);
        assert_eq!((dear["needed"].clone(), dear["forecast"]["micro_usd_worst"].is_u64()), (json!(true), true));
        let many = json!({ "tasks": [task(None), task(None), task(None)] });
        let sessions = json!({ "above_sessions": 3 });
        assert_eq!(ask(json!({ "approval": sessions }), many.clone())["needed"], true);
        assert_eq!(ask(json!({ "approval": sessions, "budget": { "spawns": 3 } }), many)["needed"], false);
    }

    #[test]
    fn a_question_fits_whatever_the_request_names() {
        let names: Vec<String> = (0..200).map(|number| format!("{}/{number}", "x".repeat(120))).collect();
        let tasks: Vec<Value> = names.iter().map(|name| task(Some(name))).collect();
        let reply = asked(json!({ "function": "run_tasks", "arguments": { "tasks": tasks, "approval": {
            "always": true, "above_sessions": 1, "above_micro_usd": u64::MAX >> 12 } } }));
        let text = reply["text"].as_str().expect("a text");
        assert!(text.chars().count() <= MAX_TEXT_CHARS, "{text}");
        assert!(text.starts_with("run_tasks: 200 sessions expected, "), "{text}");
        assert!(
            text.ends_with(
                "it could need more than 1 sessions, and nobody knows whether it costs more than $4503599627.3704."
            ),
            "{text}"
        );
        assert_eq!(reply["title"], "Start 200 parallel agents");
    }
}
