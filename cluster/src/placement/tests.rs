//! Gateways by what is known of them.

use super::*;

fn spec(name: &str, slots: u32, weight: u32, models: Option<&[&str]>) -> GatewaySpec {
    let models = models.map(|models| models.iter().map(|model| (*model).to_owned()).collect());
    GatewaySpec { name: name.to_owned(), slots, weight, models, lease_seconds: None }
}

fn needs(model: Option<&str>) -> Needs {
    Needs { model: model.map(str::to_owned), agent: None }
}

/// Gateways that have said what they are.
fn known(specs: &[GatewaySpec]) -> Placement {
    let mut placement = Placement::new(specs);
    (0..specs.len()).for_each(|index| placement.read(GatewayIndex(index)));
    placement
}

fn taken(placement: &mut Placement, model: Option<&str>, times: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..times {
        match placement.take(&needs(model), 0) {
            Choice::At(index) => names.push(placement.name(index).to_owned()),
            other => names.push(format!("{other:?}")),
        }
    }
    names
}

#[test]
fn sessions_are_shared_by_slots_and_weight() {
    let mut placement = known(&[spec("a", 4, 1, None), spec("b", 2, 1, None)]);
    assert_eq!(taken(&mut placement, None, 7), ["a", "b", "a", "a", "b", "a", "Full"]);
    placement.ended(GatewayIndex(1));
    assert_eq!(taken(&mut placement, None, 1), ["b"]);
    let mut placement = known(&[spec("a", 10, 1, None), spec("b", 10, 3, None)]);
    let names = taken(&mut placement, None, 8);
    assert_eq!(names.iter().filter(|name| *name == "b").count(), 6, "{names:?}");
}

#[test]
fn a_model_is_asked_for_where_it_is() {
    let mut placement = known(&[spec("a", 9, 1, Some(&["x"])), spec("b", 1, 1, Some(&["x", "y"]))]);
    assert_eq!(taken(&mut placement, Some("y"), 2), ["b", "Full"]);
    assert_eq!(taken(&mut placement, Some("x"), 1), ["a"]);
    assert!(matches!(placement.take(&needs(Some("z")), 0), Choice::Never(why) if why.contains("model z")));
    placement.close(GatewayIndex(1), "its token is refused".to_owned());
    assert!(
        matches!(placement.take(&needs(Some("y")), 0), Choice::Never(why) if why.contains("b: its token is refused"))
    );
}

#[test]
fn a_gateway_that_is_away_is_left_alone_for_longer_each_time() {
    let mut placement = known(&[spec("a", 9, 1, None)]);
    let mut now = 1_000;
    for pause in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        assert_eq!(placement.take(&needs(None), now), Choice::At(GatewayIndex(0)));
        placement.give_back(GatewayIndex(0));
        placement.away(GatewayIndex(0), now);
        placement.away(GatewayIndex(0), now);
        assert_eq!(placement.take(&needs(None), now + pause - 1), Choice::Away);
        now += pause;
    }
    placement.answered(GatewayIndex(0));
    placement.away(GatewayIndex(0), now);
    assert_eq!(placement.take(&needs(None), now + 499), Choice::Away);
    assert_eq!(placement.take(&needs(None), now + 500), Choice::At(GatewayIndex(0)));
}

#[test]
fn a_gateway_that_says_it_is_full_is_asked_again_after_an_end() {
    let mut placement = known(&[spec("a", 9, 1, None)]);
    assert_eq!(taken(&mut placement, None, 2), ["a", "a"]);
    placement.give_back(GatewayIndex(0));
    placement.full(GatewayIndex(0), 0);
    assert_eq!(taken(&mut placement, None, 1), ["Full"]);
    placement.ended(GatewayIndex(0));
    assert_eq!(taken(&mut placement, None, 1), ["a"]);
}

#[test]
fn a_drained_gateway_gets_no_more() {
    let mut placement = known(&[spec("a", 9, 1, None), spec("b", 9, 1, None)]);
    placement.drain(GatewayIndex(0), true);
    assert_eq!(taken(&mut placement, None, 3), ["b", "b", "b"]);
    placement.drain(GatewayIndex(0), false);
    assert_eq!(taken(&mut placement, None, 1), ["a"]);
}

#[test]
fn what_a_gateway_was_told_counts_more_than_what_was_found() {
    let mut placement = known(&[spec("a", 9, 1, None), spec("b", 9, 1, None)]);
    placement.found_drained(GatewayIndex(0), true);
    assert_eq!(taken(&mut placement, None, 1), ["b"]);
    placement.drain(GatewayIndex(1), true);
    placement.found_drained(GatewayIndex(1), false);
    assert_eq!(taken(&mut placement, None, 1), ["Away"]);
}

#[test]
fn a_gateway_that_has_not_said_what_it_allows_gets_no_sessions() {
    let mut placement = Placement::new(&[spec("a", 9, 1, None), spec("b", 9, 1, None)]);
    placement.read(GatewayIndex(1));
    assert_eq!(taken(&mut placement, None, 2), ["b", "b"]);
    assert_eq!(placement.unread(0).collect::<Vec<_>>(), [GatewayIndex(0)]);
    placement.read(GatewayIndex(0));
    assert_eq!(taken(&mut placement, None, 2), ["a", "a"]);
    assert_eq!(placement.unread(0).count(), 0);
}

#[test]
fn a_gateway_that_refuses_a_model_gets_sessions_with_others() {
    let mut placement = known(&[spec("a", 9, 1, None), spec("b", 1, 1, None)]);
    placement.refuse(GatewayIndex(0), needs(Some("x")), "not x".to_owned());
    assert_eq!(taken(&mut placement, Some("x"), 2), ["b", "Full"]);
    assert_eq!(taken(&mut placement, Some("y"), 1), ["a"]);
    placement.refuse(GatewayIndex(1), needs(Some("x")), "nor here".to_owned());
    assert_eq!(placement.take(&needs(Some("x")), 0), Choice::Refused("a: not x; b: nor here".to_owned()));
}
