//! Configurations, right and wrong.

use super::*;

const GATEWAY: &str = "[[gateways]]\nname = \"a\"\nurl = \"http://127.0.0.1:1\"\ntoken_env = \"TOKEN\"\nslots = 2\n";

fn problems(text: &str) -> String {
    let token = |name: &str| (name == "TOKEN").then(|| "kingfisher-0123".to_owned());
    Config::parse(text, true, token).err().unwrap_or_default().join("\n")
}

#[test]
fn a_gateway_alone_is_enough() {
    let config =
        Config::parse(GATEWAY, true, |_| Some("kingfisher-0123".to_owned())).unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!((config.listen.as_str(), config.gateways.len(), config.patience_seconds), ("127.0.0.1:9081", 1, 600));
    assert_eq!(config.gateways[0].spec.weight, 1);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = format!(
        "[restate]\ningress = \"nowhere\"\n{GATEWAY}{GATEWAY}[[gateways]]\nname = \"b c\"\nurl = \"http://u:p@h\"\nslots = 0\n"
    );
    let said = problems(&text);
    for part in [
        "restate.ingress",
        "two have the name \"a\"",
        "name: need 1 to 60",
        "slots and weight",
        "one of token_env",
        "\"b c\": it is no address",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(problems(&GATEWAY.replace("TOKEN", "OTHER")).contains("the environment has no OTHER"));
    assert!(problems(&GATEWAY.replace("= 2", "= 2001")).contains("2001 together"));
    assert!(problems("[[gateways]]\nnames = 1").contains("names"));
    assert!(problems("").contains("there are 0"));
}

#[test]
fn a_token_in_the_wrong_place_is_not_printed() {
    for (line, place) in [
        ("token = \"hush\"", "line 6, column 1: unknown field `token`"),
        ("token_env = \"hush", "line 6, column"),
        ("token_file = 'hush\"", "line 6, column"),
        ("token_env = hush", "line 6, column"),
        ("token_env = [\"hush\"]", "line 6, column"),
        ("weight = \"hush, expected hush\"", "line 6, column 10: need u32"),
        ("models = \"hush\"", "line 6, column 10: need a sequence"),
    ] {
        let said = problems(&format!("{GATEWAY}{line}\n"));
        assert!(said.contains(place) && !said.contains("hush"), "{line}: {said}");
    }
}

#[test]
fn a_command_that_reaches_no_gateway_needs_no_token() {
    assert!(Config::parse(GATEWAY, false, |_| None).is_ok());
}
