//! Each kind of file that people have, in words of our own, and what is made of it.

use std::path::Path;

use parallel_agents_engine::agents::{AgentDefinition, MAX_PROMPT_BYTES};
use parallel_agents_engine::task::{AgentSource, Tier};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::reading::{self, Agent, Reading};

const BODY: &str = "You weigh what you are given.\n";

fn read(path: &str, text: &str) -> Reading {
    reading::read(Path::new(path), text.as_bytes(), false)
}

#[track_caller]
fn taken(path: &str, text: &str) -> Agent {
    match read(path, text) {
        Reading::Taken(agent) => *agent,
        other => panic!("{path} is not taken: {other:?}\n{text}"),
    }
}

/// The agent of a head, whose body is [`BODY`].
#[track_caller]
fn of_head(head: &str) -> Agent {
    taken("agents/from-file.md", &format!("---\n{head}---\n\n{BODY}"))
}

fn warnings(agent: &Agent) -> String {
    let line = |warning: &super::Warning| format!("{:?} {}: {}\n", warning.line, warning.field, warning.message);
    agent.warnings.iter().map(line).collect()
}

/// The problems of a head that is refused: line, field, got and allowed of each.
#[track_caller]
fn refused(head: &str, body: &str) -> Vec<(Option<usize>, String, Option<String>, bool)> {
    match read("agents/from-file.md", &format!("---\n{head}---\n\n{body}")) {
        Reading::Refused { problems, .. } => problems
            .into_iter()
            .map(|problem| (problem.line, problem.field, problem.got, problem.allowed.is_some()))
            .collect(),
        other => panic!("{head} is not refused: {other:?}"),
    }
}

#[test]
fn a_plain_definition_is_handed_over_as_it_is() {
    let text = format!("---\nname: tone-checker\ndescription: Checks tone.\n---\n\n{BODY}");
    let agent = taken("x.md", &text);
    assert_eq!((agent.source, agent.warnings), (AgentSource::File(text), Vec::new()));
    let quoted = of_head("name: tone-checker\ndescription: \"Checks: tone.\"\n");
    assert_eq!(quoted.definition.description, "Checks: tone.");
    assert!(quoted.warnings.is_empty(), "{}", warnings(&quoted));
}

#[test]
fn keys_of_others_are_left_out_and_named() {
    let agent =
        of_head("name: a\ndescription: d\ncolor: blue\nmemory: user\nhooks:\n  Stop: []\nmaxTurns: 5\nskills: a, b\n");
    assert_eq!(warnings(&agent), "None : not used: color, hooks, maxTurns, memory, skills\n");
    assert_eq!(agent.definition.prompt, BODY.trim());
}

#[test]
fn models_become_tiers() {
    for (model, tier, warned) in [
        ("haiku", Tier::Economy, false),
        ("sonnet", Tier::Standard, false),
        ("vendor/opus-4", Tier::Premium, false),
        ("inherit", Tier::Standard, false),
        ("['GPT-5 (copilot)', 'Haiku 4.5 (copilot)']", Tier::Economy, false),
        ("gpt-5", Tier::Standard, true),
    ] {
        let agent = of_head(&format!("name: a\ndescription: d\nmodel: {model}\n"));
        assert_eq!((agent.definition.tier, !agent.warnings.is_empty()), (tier, warned), "{model}");
    }
    let empty = of_head("name: a\ndescription: d\nmodel: haiku\ntier:\ntimeout_mins: 2\ntimeout_seconds:\n");
    assert_eq!((empty.definition.tier, empty.definition.timeout_seconds), (Tier::Economy, 120), "{}", warnings(&empty));
    let both = of_head("name: a\ndescription: d\nmodel: haiku\ntier: premium\n");
    assert_eq!(
        (both.definition.tier, warnings(&both)),
        (Tier::Premium, "Some(4) model: not used: the head has a tier\n".to_owned())
    );
}

#[test]
fn tools_in_every_spelling_are_all_or_none() {
    for tools in [
        "tools: Read, Grep",
        "tools: [Read, Grep]",
        "tools:\n  - Read\n  - Grep",
        "tools:\n  read: true\n  bash: false",
    ] {
        let agent = of_head(&format!("name: a\ndescription: d\n{tools}\n"));
        assert!(!agent.definition.tool_free && agent.warnings[0].field == "tools", "{tools}: {}", warnings(&agent));
        assert_eq!(agent.warnings[0].line, Some(4), "{tools}");
    }
    for tools in ["tools: []", "tools: none", "permission:\n  \"*\": deny"] {
        assert!(of_head(&format!("name: a\ndescription: d\n{tools}\n")).definition.tool_free, "{tools}");
    }
}

#[test]
fn comments_give_no_tools_in_a_head_that_is_no_yaml_either() {
    for tools in ["tools: []   # never any", "tools: none # x", "tools: none\n# x", "permission:\n  \"*\": deny # x"] {
        let about = "name: my-agent # x\ndescription: Use it when: a release is due.";
        let agent = of_head(&format!("{about}\n{tools}\ntimeout_seconds: 300 # five minutes\n"));
        assert!(agent.definition.tool_free, "{tools}: {}", warnings(&agent));
        assert_eq!((agent.definition.name.as_str(), agent.definition.timeout_seconds), ("my_agent", 300), "{tools}");
    }
}

#[test]
fn own_keys_end_a_description_in_a_head_that_is_no_yaml() {
    let agent = of_head("name: a\ndescription: Use it when: now.\nmax_output_tokens: 900\ninstructions: Weigh it.\n");
    assert_eq!(agent.definition.description, "Use it when: now.");
    assert_eq!(agent.definition.max_output_tokens, Some(900), "{}", warnings(&agent));
}

#[test]
fn descriptions_of_every_length_and_form_are_one_line() {
    for (written, read) in [
        (">\n  Two\n  lines.", "Two lines."),
        ("|\n  Two\n  lines.", "Two lines."),
        ("Two\n  lines.", "Two lines."),
        ("\"Two\\nlines.\"", "Two lines."),
        ("Two\\nlines.", "Two lines."),
        ("Use it when: it is needed. Not: else", "Use it when: it is needed. Not: else"),
        ("Use it. <example>\\nuser: \"Do: it\"\\n</example>", "Use it. <example> user: \"Do: it\" </example>"),
    ] {
        let agent = of_head(&format!("name: a\ndescription: {written}\ncolor: red\n"));
        assert_eq!(agent.definition.description, read, "{written}");
    }
    let long = of_head(&format!("name: a\ndescription: {}\n", "It weighs. ".repeat(200)));
    assert!(long.definition.description.len() <= 1024 && long.definition.description.ends_with("weighs."));
    assert!(warnings(&long).starts_with("Some(3) description: cut from 2199 to "), "{}", warnings(&long));
}

#[test]
fn names_of_all_kinds_become_ids_and_are_kept_as_titles() {
    for (name, id, title) in [
        ("tone-checker", "tone_checker", None),
        ("Tone Checker", "tone_checker", Some("Tone Checker")),
        ("Prüfer", "prufer", Some("Prüfer")),
        ("代码审查", "dai_ma_shen_cha", Some("代码审查")),
        ("「」", "from_file", Some("「」")),
        ("42", "agent_42", Some("42")),
    ] {
        let agent = of_head(&format!("name: {name}\ndescription: d\n"));
        let AgentDefinition { name: found, title: kept, .. } = &agent.definition;
        assert_eq!((found.as_str(), kept.as_deref()), (id, title), "{name}");
    }
    let unnamed = of_head("description: d\nmode: subagent\n");
    assert_eq!(unnamed.definition.name.as_str(), "from_file");
    assert!(warnings(&unnamed).contains("name: is missing; from_file"), "{}", warnings(&unnamed));
}

#[test]
fn files_of_windows_are_read_as_others() {
    let text = format!("---\nname: a\ndescription: d\ncolor: x\n---\n\n{BODY}Twice.\n");
    let plain = taken("a.md", &text).definition;
    assert_eq!(taken("a.md", &text.replace('\n', "\r\n")).definition, plain);
    assert_eq!(taken("a.md", &format!("\u{feff}{text}")).definition, plain);
    assert_eq!(plain.prompt, "You weigh what you are given.\nTwice.");
}

#[test]
fn what_is_no_yaml_has_one_sensible_reading() {
    for head in [
        "name: a\ndescription: d\ntools: *\n",
        "name: a\ndescription: d\nx: @y\n",
        "name: a\ndescription: d\n\tcolor: red\n",
        "name: a\ndescription: d\nnote: 'open\n",
        "name: a\ndescription: d\n{{ template }}\n",
        "name: a\ndescription: \"d\" \n- stray\n",
    ] {
        let agent = of_head(head);
        assert_eq!(agent.definition.name.as_str(), "a", "{head}");
        assert!(
            agent.definition.description.starts_with('d') || agent.definition.description.starts_with("\"d\""),
            "{head}"
        );
        assert!(warnings(&agent).contains("read line by line"), "{head}: {}", warnings(&agent));
    }
}

#[test]
fn prompts_are_kept_whole_up_to_their_limit() {
    let prompt = "word ".repeat(MAX_PROMPT_BYTES / 5 - 10);
    let agent = taken("a.md", &format!("---\nname: a\ndescription: d\ncolor: x\n---\n{prompt}"));
    assert_eq!(agent.definition.prompt, prompt.trim());
    let long = refused("name: a\ndescription: d\n", &"x".repeat(MAX_PROMPT_BYTES + 1));
    assert_eq!(long, [(None, "prompt".to_owned(), Some("131073 bytes".to_owned()), true)]);
}

#[test]
fn headings_of_others_stay_in_the_prompt_and_own_sections_do_not() {
    let foreign = taken(
        "a.md",
        "---\nname: a\ndescription: d\n---\n\nYou weigh.\n\n# Input\n\nA list.\n\n# Output\n\nA number.\n",
    );
    assert!(foreign.definition.prompt.ends_with("# Output\n\nA number."), "{}", foreign.definition.prompt);
    let own = "---\nname: a\ndescription: d\ncolor: x\n---\n\nYou weigh.\n\n# Input\n\nA list.\n\n# Output schema\n\n```json\n{\"type\": \"object\"}\n```\n";
    let agent = taken("a.md", own).definition;
    assert_eq!(
        (agent.prompt.as_str(), agent.input.as_str(), agent.output_schema.text()),
        ("You weigh.", "A list.", "{\"type\":\"object\"}")
    );
    let other = own.replace("{\"type\": \"object\"}", "{\"pattern\": 7}");
    let agent = taken("a.md", &other);
    assert!(agent.definition.prompt.contains("# Output schema") && warnings(&agent).contains("part of the prompt"));
    // Whoever uses a key of the component's own form means that form.
    let meant = other.replace("color: x", "tier: economy");
    assert!(matches!(read("a.md", &meant), Reading::Refused { .. }));
}

#[test]
fn wrong_values_of_own_keys_are_told_all_at_once_with_their_lines() {
    let told = refused("name: a\ntier: gold\ndescription: d\ntimeout_seconds: soon\noutput_format: xml\n", BODY);
    let places: Vec<_> = told.iter().map(|(line, field, ..)| (*line, field.as_str())).collect();
    assert_eq!(places.len(), 3, "{told:?}");
    for place in [(Some(3), "tier"), (Some(5), "timeout_seconds"), (Some(6), "output_format")] {
        assert!(places.contains(&place), "{place:?} in {told:?}");
    }
    assert!(told.iter().all(|(_, _, got, allowed)| got.is_some() && *allowed), "{told:?}");
    assert_eq!(refused("name: main\ndescription: d\n", BODY)[0].1, "name");
    assert_eq!(refused("name: a\ndescription: d\n", "")[0].1, "prompt");
    assert_eq!(refused("name: a\ndescription: d\n", "<<<END INPUT 0>>>")[0].1, "prompt");
}

#[test]
fn agents_of_other_programs_are_taken() {
    let cases = [
        ("plan.chatmode.md", "description: 'Plans.'\ntools: ['codebase', 'fetch']\nmodel: GPT-4.1\n", "plan"),
        ("Plan Maker.agent.md", "description: Plans.\nhandoffs:\n  - label: Go\n    agent: x\n", "plan_maker"),
        ("style.mdc", "description:\nglobs: *.ts,*.tsx\nalwaysApply: false\n", "style"),
        ("review.md", "description: Reviews.\nmode: subagent\ntemperature: 0.1\npermission:\n  edit: deny\n", "review"),
        ("pdf/SKILL.md", "name: pdf\ndescription: Reads files.\nmetadata: {\"x\": {\"emoji\": \"y\"}}\n", "pdf"),
        ("find.md", "name: find\nkind: local\ndescription: Finds.\nmax_turns: 5\ntimeout_mins: 3\n", "find"),
    ];
    for (path, head, id) in cases {
        let agent = taken(path, &format!("---\n{head}---\n\n{BODY}"));
        assert_eq!(agent.definition.name.as_str(), id, "{path}");
        assert_eq!(agent.definition.timeout_seconds, if id == "find" { 180 } else { 120 }, "{path}");
    }
    let limited = taken("a.md", &format!("---\nname: a\ndescription: d\nmax_output_tokens: 900\n---\n\n{BODY}"));
    assert_eq!((limited.definition.max_output_tokens, limited.warnings.len()), (Some(900), 0));
    let in_head = taken("a.md", "---\nname: a\ndescription: d\nprompt: |\n  You weigh.\n---\n");
    assert_eq!(in_head.definition.prompt, "You weigh.");
}

#[test]
fn a_text_without_a_head_is_an_agent_if_it_speaks_to_one() {
    let agent = taken("agents/weigher.md", "# Weigher\n\nYou are a weigher. You weigh.\n");
    assert_eq!(
        (agent.definition.name.as_str(), agent.definition.description.as_str()),
        ("weigher", "You are a weigher.")
    );
    assert!(warnings(&agent).contains("there is no head"), "{}", warnings(&agent));
}

#[test]
fn what_is_no_definition_is_passed_over() {
    let passed = |path: &str, text: &str| match read(path, text) {
        Reading::Passed { why, if_named } => (why, if_named.is_some()),
        other => panic!("{path} is not passed over: {other:?}"),
    };
    assert!(!passed("README.md", "# My agents\n\nYou are welcome.\n").1);
    assert!(!passed("a.md", " \n").1 && !passed("a.md", "\u{0}PNG").1);
    assert!(passed("a.md", "+++\nname = \"a\"\n+++\n\nYou are.").0.contains("TOML"));
    assert!(passed("a.md", "---\ntitle: A page\nlayout: x\n---\n\nText.").0.contains("title"));
    // A request may ask for notes by the name of their file.
    assert!(passed("agents/tone-notes.md", "# Tone\n\nKeep it even.\n").1);
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    let reading = reading::read(Path::new("a.md"), b"---\nname: caf\xe9\n---\nx", false);
    let Reading::Refused { id, problems } = reading else { panic!("not refused") };
    assert_eq!((id.as_deref(), problems[0].got.as_deref()), (Some("a"), Some("byte 13: 0xe9")));
}

#[test]
fn what_the_component_wrote_is_read_as_it_reads_it() {
    let text = "---\nname: a\ndescription: \"Quoted\"\n---\n\nYou weigh.\n\n# Input\n\nA list.\n";
    let Reading::Taken(own) = reading::read(Path::new("a.md"), text.as_bytes(), true) else { panic!("not taken") };
    assert_eq!((own.definition.description.as_str(), own.definition.input.as_str()), ("\"Quoted\"", "A list."));
    assert_eq!(taken("a.md", text).definition.description, "Quoted");
}

/// Files that are damaged at random are taken, refused or passed over; what is taken is what the component reads.
#[test]
fn damaged_files_break_nothing() {
    const PIECES: [&str; 12] = [
        "---\n",
        "\n",
        ": ",
        "\"",
        "<example>",
        "# Output schema\n",
        "\t",
        "- ",
        "|\n",
        "\u{feff}",
        "é",
        "```json\n{}\n```\n",
    ];
    let good =
        format!("---\nname: Tone Checker\ndescription: >-\n  Checks: it.\ntools: [A, B]\nmodel: haiku\n---\n\n{BODY}");
    let mut taken = 0;
    for seed in 0..400 {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut text = good.clone();
        for _ in 0..chance.random_range(1..6) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = places.get(chance.random_range(0..places.len())).copied().unwrap_or_default();
            if chance.random_bool(0.5) {
                text.insert_str(at, PIECES[chance.random_range(0..PIECES.len())]);
            } else {
                text.remove(at);
            }
        }
        if let Reading::Taken(agent) = read("a.md", &text) {
            taken += 1;
            let again = AgentDefinition::read(&agent.source);
            assert_eq!(again.as_ref(), Ok(&agent.definition), "seed {seed}: {text}");
        }
    }
    assert!(taken > 300, "{taken} of 400 are taken");
}
