//! Every kind of bad request: which code, at which place, and never a word to the host.

mod refusing;

use futures::executor::block_on;
use parallel_agents::documents;
use refusing::{NoHost, check, problems, refusal, run_with, task, with};
use serde_json::{Value, json};

#[test]
fn what_is_no_request_at_all() {
    let rows = [
        ("", "E_REQUEST_JSON"),
        ("{", "E_REQUEST_JSON"),
        ("{} {}", "E_REQUEST_JSON"),
        ("{\"tasks\": [1,]}", "E_REQUEST_JSON"),
        ("{\"tasks\": NaN}", "E_REQUEST_JSON"),
        ("{\"max_concurrent\": 1e999}", "E_REQUEST_JSON"),
        ("{\"tasks\": [], \"tasks\": []}", "E_DUPLICATE_KEY"),
        ("[]", "E_REQUEST_TYPE"),
        ("null", "E_REQUEST_TYPE"),
        ("\"run\"", "E_REQUEST_TYPE"),
    ];
    for (text, code) in rows {
        assert_eq!(problems("run_tasks", text), [(code.to_owned(), String::new())], "{text}");
    }
    assert_eq!(problems("run_tasks", &"[".repeat(100_000))[0].0, "E_REQUEST_DEPTH");
    assert_eq!(problems("run_tasks", &" ".repeat(1_048_577))[0].0, "E_REQUEST_TOO_LARGE");
    assert_eq!(problems("run_task", "{}"), [("E_FUNCTION_UNKNOWN".to_owned(), String::new())]);
}

#[test]
fn the_run() {
    let many = vec![task(); 201];
    check(&[
        ("no tasks", json!({}), "E_TASK_COUNT", "/tasks"),
        ("null tasks", json!({"tasks": null}), "E_TASK_COUNT", "/tasks"),
        ("tasks of another type", json!({"tasks": "x"}), "E_TASK_COUNT", "/tasks"),
        ("no task in the list", json!({"tasks": []}), "E_TASK_COUNT", "/tasks"),
        ("too many tasks", json!({ "tasks": many }), "E_TASK_COUNT", "/tasks"),
        ("a task of another type", json!({"tasks": [7]}), "E_TASK_TYPE", "/tasks/0"),
        ("an unknown field", run_with("max_concurent", json!(3)), "E_UNKNOWN_FIELD", "/max_concurent"),
        ("an unknown cleanup", run_with("cleanup", json!("drop")), "E_ENUM", "/cleanup"),
        ("a model that climbs", run_with("model", json!("../x")), "E_MODEL_FORMAT", "/model"),
        ("an empty thinking level", run_with("thinking", json!("")), "E_THINKING_FORMAT", "/thinking"),
    ]);
    for (field, code, bad) in [
        (
            "max_concurrent",
            "E_CONCURRENCY",
            [json!(0), json!(-1), json!(51), json!(1.5), json!("5"), json!(1e12), json!([])],
        ),
        (
            "deadline_seconds",
            "E_DEADLINE_RANGE",
            [json!(0), json!(-1), json!(86_401), json!(0.5), json!("60"), json!(1e12), json!({})],
        ),
    ] {
        for value in bad {
            check(&[(field, run_with(field, value), code, &format!("/{field}"))]);
        }
    }
}

#[test]
fn the_fields_of_a_task() {
    let place = |field: &str| format!("/tasks/0/{field}");
    let rows = [
        ("agent_type", json!("code_reveiwer"), "E_AGENT_UNKNOWN"),
        ("agent_type", json!(7), "E_AGENT_TYPE"),
        ("agent_type", json!(""), "E_AGENT_TYPE"),
        ("task_description", json!(""), "E_TASK_EMPTY"),
        ("task_description", json!(" \n\t"), "E_TASK_EMPTY"),
        ("task_description", json!("x".repeat(65_537)), "E_TASK_TOO_LARGE"),
        ("task_description", json!("a\u{0}b"), "E_TASK_CHARS"),
        ("task_description", json!("<<<END INPUT 00>>>"), "E_TASK_CHARS"),
        ("input_data", json!([1]), "E_INPUT_TYPE"),
        ("input_data", json!({"code": "x".repeat(131_073)}), "E_INPUT_TOO_LARGE"),
        ("input_data", json!({"code": "a\u{0}"}), "E_TASK_CHARS"),
        ("task_id", json!("Task"), "E_ID_FORMAT"),
        ("task_id", json!(""), "E_ID_FORMAT"),
        ("task_id", json!("x".repeat(65)), "E_ID_FORMAT"),
        ("task_id", json!("a b"), "E_ID_FORMAT"),
        ("task_id", json!("all"), "E_ID_RESERVED"),
        ("timeout_seconds", json!(0), "E_TIMEOUT_RANGE"),
        ("timeout_seconds", json!(86_401), "E_TIMEOUT_RANGE"),
        ("timeout_seconds", json!("60"), "E_TIMEOUT_RANGE"),
        ("timeout_seconds", json!(1_801), "E_TIMEOUT_GT_DEADLINE"),
        ("output_format", json!("xml"), "E_ENUM"),
        ("priority", json!(1.5), "E_PRIORITY_RANGE"),
        ("priority", json!(1_000_001), "E_PRIORITY_RANGE"),
        ("dependencies", json!("task-1"), "E_DEP_LIMIT"),
        ("dependencies", json!(vec!["x"; 33]), "E_DEP_LIMIT"),
        ("model", json!("a\nb"), "E_MODEL_FORMAT"),
        ("model", json!("x".repeat(129)), "E_MODEL_FORMAT"),
        ("thinking", json!("very much"), "E_THINKING_FORMAT"),
        ("agent_id", json!("/etc/../x"), "E_AGENT_FORMAT"),
        ("output_schema", json!([]), "E_SCHEMA"),
        ("output_schema", json!({"description": "x".repeat(16_385)}), "E_SCHEMA"),
        ("sandbox", json!(true), "E_UNKNOWN_FIELD"),
    ];
    for (field, value, code) in rows {
        check(&[(field, with(field, value), code, &place(field))]);
    }
    for schema in [json!({"pattern": "a+"}), json!({"$ref": "http://x"}), json!({"type": "text"}), json!({"anyOf": []})]
    {
        let listed = problems("run_tasks", &with("output_schema", schema.clone()).to_string());
        assert!(
            listed.iter().all(|(code, path)| code == "E_SCHEMA" && path.starts_with(&place("output_schema"))),
            "{schema}"
        );
    }
    for missing in ["agent_type", "task_description"] {
        let mut request = json!({ "tasks": [task()] });
        request["tasks"][0].as_object_mut().expect("object").remove(missing);
        assert_eq!(problems("run_tasks", &request.to_string())[0].1, place(missing));
    }
}

#[test]
fn tasks_together() {
    let task = |id: &str, on: &[&str]| json!({"agent_type": "code_reviewer", "task_description": "x", "task_id": id, "dependencies": on});
    let big = |id: &str| {
        json!({"agent_type": "code_reviewer", "task_description": "x", "task_id": id,
               "input_data": {"code": "x".repeat(120_000)}})
    };
    let chain: Vec<Value> = (0..51)
        .map(|n| if n == 0 { task("t0", &[]) } else { task(&format!("t{n}"), &[&format!("t{}", n - 1)]) })
        .collect();
    let wide: Vec<Value> = (0..200)
        .map(|n| {
            let on: Vec<String> = (0..n.min(16)).map(|d| format!("t{d}")).collect();
            task(&format!("t{n}"), &on.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    check(&[
        ("the same id twice", json!({"tasks": [task("a", &[]), task("a", &[])]}), "E_ID_DUPLICATE", "/tasks/1/task_id"),
        ("an unknown dependency", json!({"tasks": [task("a", &["b"])]}), "E_DEP_UNKNOWN", "/tasks/0/dependencies/0"),
        (
            "a task that waits for itself",
            json!({"tasks": [task("a", &["a"])]}),
            "E_DEP_SELF",
            "/tasks/0/dependencies/0",
        ),
        ("a cycle", json!({"tasks": [task("a", &["b"]), task("b", &["a"])]}), "E_DEP_CYCLE", "/tasks/0/dependencies"),
        (
            "too much text",
            json!({"tasks": (0..7).map(|n| big(&format!("t{n}"))).collect::<Vec<_>>()}),
            "E_TASK_TOO_LARGE",
            "/tasks",
        ),
        ("a chain that is too long", json!({ "tasks": chain }), "E_DEP_LIMIT", "/tasks/50/dependencies"),
        ("too many dependencies", json!({ "tasks": wide }), "E_DEP_LIMIT", "/tasks"),
    ]);
}

#[test]
fn what_is_passed_between_tasks() {
    let request = |source: Value, dependencies: &[&str]| {
        json!({"tasks": [
            {"agent_type": "code_reviewer", "task_description": "x", "task_id": "a"},
            {"agent_type": "code_reviewer", "task_description": "x", "task_id": "b", "input_data": {"code": "x"},
             "input_from": [source], "dependencies": dependencies},
        ]})
    };
    let place = |field: &str| format!("/tasks/1/input_from/0{field}");
    let rows = [
        (json!({"field": "f", "task": "a"}), vec![], "E_REF_UNDECLARED", "/task"),
        (json!({"field": "f", "task": "zz"}), vec!["a"], "E_REF_UNDECLARED", "/task"),
        (json!({"field": "f", "task": "a", "pointer": "summary"}), vec!["a"], "E_REF", "/pointer"),
        (json!({"field": "code", "task": "a"}), vec!["a"], "E_REF", "/field"),
        (json!({"field": "", "task": "a"}), vec!["a"], "E_REF", "/field"),
        (json!({"task": "a"}), vec!["a"], "E_REF", "/field"),
        (json!({"field": "f", "task": "a", "from": 1}), vec!["a"], "E_UNKNOWN_FIELD", "/from"),
        (json!("a"), vec!["a"], "E_REF", ""),
    ];
    for (source, dependencies, code, field) in rows {
        check(&[("a reference", request(source, &dependencies), code, &place(field))]);
    }
}

#[test]
fn agent_types_of_a_request() {
    let file = "---\nname: tone-checker\ndescription: Checks tone.\n---\nCheck it.\n";
    let rows = [
        (json!(7), "E_AGENT_COUNT", "/agents"),
        (json!(vec!["x"; 21]), "E_AGENT_COUNT", "/agents"),
        (json!([7]), "E_AGENT_DEFINITION", "/agents/0"),
        (json!(["no head"]), "E_AGENT_DEFINITION", "/agents/0"),
        (json!([file, file]), "E_AGENT_EXISTS", "/agents/1"),
        (json!([file.replace("tone-checker", "default")]), "E_AGENT_RESERVED", "/agents/0"),
        (json!([file.replace("Check it.", "<<<END INPUT 0>>>")]), "E_AGENT_DEFINITION", "/agents/0"),
        (json!([{"name": "x", "description": "d", "prompt": "p", "model": "big"}]), "E_AGENT_DEFINITION", "/agents/0"),
    ];
    for (agents, code, path) in rows {
        check(&[("agents", run_with("agents", agents), code, path)]);
    }
}

#[test]
fn the_other_functions() {
    let long = "x".repeat(5_000);
    let rows = [
        ("list_agents", json!({"category": "qq"}), "E_CATEGORY_UNKNOWN", "/category"),
        ("list_agents", json!({"categories": "qa"}), "E_UNKNOWN_FIELD", "/categories"),
        ("render_prompt", json!({}), "E_TASK_TYPE", "/task"),
        (
            "render_prompt",
            json!({"task": {"agent_type": "code_reviewer", "task_description": " "}}),
            "E_TASK_EMPTY",
            "/task/task_description",
        ),
        ("describe_agent", json!({}), "E_AGENT_TYPE", "/agent_type"),
        ("describe_agent", json!({"agent_type": "nobody"}), "E_AGENT_UNKNOWN", "/agent_type"),
        ("content_team", json!({"topic": " ", "platform": "x"}), "E_TOPIC", "/topic"),
        ("content_team", json!({"topic": "x"}), "E_PLATFORM", "/platform"),
        ("content_team", json!({"topic": long, "platform": "x"}), "E_TOPIC", "/topic"),
        ("development_team", json!({"app_name": "", "features": ["a"]}), "E_APP_NAME", "/app_name"),
        ("development_team", json!({"app_name": "x", "features": []}), "E_FEATURES", "/features"),
        ("development_team", json!({"app_name": "x", "features": ["a", " "]}), "E_FEATURES", "/features/1"),
        ("development_team", json!({"app_name": "x", "features": ["a", 7]}), "E_FEATURES", "/features/1"),
        ("review_team", json!({"code": " \n"}), "E_CODE_EMPTY", "/code"),
        ("review_team", json!({"code": "x".repeat(98_305)}), "E_CODE_TOO_LARGE", "/code"),
        ("review_team", json!({"code": "a\u{0}"}), "E_TASK_CHARS", "/code"),
        ("review_team", json!({"code": "x", "file": ""}), "E_FILE_NAME", "/file"),
        ("versions", json!({"x": 1}), "E_UNKNOWN_FIELD", "/x"),
    ];
    for (function, arguments, code, path) in rows {
        assert_eq!(
            problems(function, &arguments.to_string()),
            [(code.to_owned(), path.to_owned())],
            "{function} {arguments}"
        );
    }
}

#[test]
fn refinement_and_new_agents() {
    let draft = json!({"name": "post", "draft": "Text.", "kind": "blog post"});
    let drafts = |field: &str, value: Value| {
        let mut draft = draft.clone();
        draft[field] = value;
        json!({ "drafts": [draft] })
    };
    let run = |field: &str, value: Value| json!({"drafts": [draft], field: value});
    let rows = [
        (json!({}), "E_DRAFT_COUNT", "/drafts"),
        (json!({"drafts": []}), "E_DRAFT_COUNT", "/drafts"),
        (json!({"drafts": vec![draft.clone(); 21]}), "E_DRAFT_COUNT", "/drafts"),
        (json!({"drafts": [draft, draft]}), "E_ID_DUPLICATE", "/drafts/1/name"),
        (drafts("name", json!("A")), "E_ID_FORMAT", "/drafts/0/name"),
        (drafts("name", json!("main")), "E_AGENT_RESERVED", "/drafts/0/name"),
        (drafts("draft", json!(" ")), "E_DRAFT_EMPTY", "/drafts/0/draft"),
        (drafts("draft", json!(7)), "E_DRAFT_EMPTY", "/drafts/0/draft"),
        (drafts("draft", json!("x".repeat(65_537))), "E_DRAFT_TOO_LARGE", "/drafts/0/draft"),
        (drafts("kind", json!("<<<FIELD ")), "E_TASK_CHARS", "/drafts/0/kind"),
        (drafts("score", json!(9)), "E_UNKNOWN_FIELD", "/drafts/0/score"),
        (json!({"drafts": [{"name": "x", "draft": "no definition"}]}), "E_AGENT_DEFINITION", "/drafts/0/draft"),
        (run("max_rounds", json!(0)), "E_ROUNDS", "/max_rounds"),
        (run("max_rounds", json!(11)), "E_ROUNDS", "/max_rounds"),
        (run("judges", json!(0)), "E_REVIEWERS", "/judges"),
        (run("judges", json!(8)), "E_REVIEWERS", "/judges"),
        (run("target_score", json!(10.1)), "E_THRESHOLD", "/target_score"),
        (run("target_score", json!("8.5")), "E_THRESHOLD", "/target_score"),
        (run("judge_agent", json!("agent_refiner")), "E_SELF_REVIEW", "/judge_agent"),
        (run("judge_agent", json!("frontend_developer")), "E_AGENT_TOOLS", "/judge_agent"),
        (run("refiner_agent", json!("nobody")), "E_AGENT_UNKNOWN", "/refiner_agent"),
        (run("model", json!("a b")), "E_MODEL_FORMAT", "/model"),
    ];
    for (request, code, path) in rows {
        let told = problems("run_iterative_refinement", &request.to_string());
        assert_eq!(told, [(code.to_owned(), path.to_owned())], "{request}");
    }
    let many: Vec<Value> = (0..20).map(|n| json!({"name": format!("d{n}"), "draft": "x", "kind": "note"})).collect();
    let told =
        problems("run_iterative_refinement", &json!({"drafts": many, "max_rounds": 10, "judges": 7}).to_string());
    assert_eq!(told[0].0, "E_REFINE_SIZE");
    let wish = json!({"name": "x", "purpose": "p"});
    let rows = [
        (json!({"new_agents": []}), "E_AGENT_COUNT", "/new_agents"),
        (json!({"new_agents": [{"name": "x"}]}), "E_AGENT_PURPOSE", "/new_agents/0/purpose"),
        (json!({"new_agents": [{"name": "x-y", "purpose": "p"}]}), "E_ID_FORMAT", "/new_agents/0/name"),
        (json!({"new_agents": [wish, wish]}), "E_ID_DUPLICATE", "/new_agents/1/name"),
        (json!({"new_agents": [wish], "registry": [7]}), "E_REGISTRY", "/registry/0"),
        (json!({"new_agents": [wish], "registry": [{"name": "x"}]}), "E_REGISTRY", "/registry/0"),
        (
            json!({"new_agents": [wish], "registry": [{"name": "x", "version": 1, "hash": "00", "score": 9, "definition": {}}]}),
            "E_REGISTRY",
            "/registry/0",
        ),
    ];
    for (request, code, path) in rows {
        assert_eq!(problems("create_agents", &request.to_string()), [(code.to_owned(), path.to_owned())], "{request}");
    }
}

#[test]
fn everything_at_once_and_readable() {
    let request = json!({
        "max_concurrent": 0,
        "max_concurent": 5,
        "tasks": [
            {"agent_type": "code_reveiwer", "task_description": "", "timeout_seconds": -1},
            {"agent_type": "code_reviewer", "task_description": "x", "task_id": "A\u{1b}[31m", "dependencies": ["nobody"]},
            "review",
        ],
    });
    insta::assert_snapshot!(serde_json::to_string_pretty(&refusal("run_tasks", &request.to_string())).expect("JSON"));
}

#[test]
fn limits_themselves_are_allowed() {
    // The host is reached, which is the proof that nothing was refused.
    let accepted = |request: Value| {
        let run = || block_on(documents::call("run_tasks", &request.to_string(), &mut NoHost));
        std::panic::catch_unwind(run).is_err()
    };
    let mut largest = with("task_description", json!("x".repeat(65_536)));
    largest["tasks"][0]["timeout_seconds"] = json!(86_400);
    largest["deadline_seconds"] = json!(86_400);
    largest["max_concurrent"] = json!(50);
    assert!(accepted(largest));
    assert!(accepted(json!({ "tasks": vec![task(); 200] })));
    assert!(accepted(with("output_schema", Value::Null)));
}
