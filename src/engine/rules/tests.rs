//! The language as its users meet it: what is accepted, what is refused and where, and what it means.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Catalogue, Expr, Fact, Facts, Field, FieldType, MAX_DEPTH, MAX_NODES, Moment, Rule};
use crate::base::ErrorKind;

fn fields() -> Catalogue {
    Catalogue::new()
        .field("name", FieldType::Text)
        .field("location.city", FieldType::Text)
        .field("score", FieldType::Number)
        .field("vip", FieldType::Boolean)
        .field("created_at", FieldType::Instant)
        .field("tags", FieldType::TextList)
        .open("form_responses", FieldType::Text)
}

struct Record(HashMap<&'static str, Fact<'static>>);

impl Facts for Record {
    fn get(&self, field: &Field) -> Fact<'_> {
        self.0.get(&*field.name).cloned().unwrap_or(Fact::Missing)
    }
}

fn record() -> Record {
    let tags = Fact::List(vec!["Buyer".into(), "  NRI ".into()]);
    Record(HashMap::from([
        ("name", "  Rajesh KUMAR ".into()),
        ("location.city", "Mumbai".into()),
        ("score", Fact::from(60)),
        ("vip", true.into()),
        ("created_at", "2026-11-20T09:00:00Z".parse::<crate::base::time::Timestamp>().unwrap().into()),
        ("tags", tags),
        ("form_responses.budget", "₹80L-1Cr".into()),
        ("form_responses.remarks", "   ".into()),
    ]))
}

fn parse(value: Value) -> Expr {
    Expr::parse(&value, &fields()).unwrap_or_else(|error| panic!("{value}: {:?}", error.field_errors()))
}

fn holds(value: Value, of: &Record) -> bool {
    Rule::of(&parse(value), &fields()).unwrap().matches(of, &Moment::default())
}

fn compare(field: &str, op: &str, value: Value) -> bool {
    holds(json!({"field": field, "op": op, "value": value}), &record())
}

/// `(pointer, code)` of every error.
fn errors(value: Value) -> Vec<(String, String)> {
    let error = Expr::parse(&value, &fields()).expect_err(&value.to_string());
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error.field_errors().iter().map(|field| (field.pointer.clone(), field.code.to_string())).collect()
}

fn error(value: Value) -> (String, String) {
    let mut all = errors(value);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn at(pointer: &str, code: &str) -> (String, String) {
    (pointer.into(), code.into())
}

#[test]
fn texts_are_compared_as_people_type_them() {
    assert!(compare("name", "eq", json!("rajesh kumar")));
    assert!(!compare("name", "ne", json!(" Rajesh Kumar")));
    assert!(compare("name", "contains", json!("ESH k")));
    assert!(compare("name", "starts_with", json!("RAJ")));
    assert!(!compare("name", "starts_with", json!("kumar")));
    assert!(compare("location.city", "in", json!(["Pune", "MUMBAI"])));
    assert!(!compare("location.city", "not_in", json!(["Pune", "mumbai"])));
    assert!(compare("form_responses.budget", "contains", json!("1cr")));
}

#[test]
fn numbers_and_times_have_an_order_with_included_ends_where_said() {
    assert!(compare("score", "gte", json!(60)) && !compare("score", "gt", json!(60)));
    assert!(compare("score", "lte", json!(60.0)) && !compare("score", "lt", json!(60)));
    assert!(compare("score", "gt", json!(59.5)) && compare("score", "in", json!([1, 60])));
    assert!(compare("score", "between", json!([60, 80])) && compare("score", "between", json!([40, 60])));
    assert!(!compare("score", "between", json!([61, 80])) && !compare("score", "between", json!([1, 59])));
    assert!(compare("created_at", "eq", json!("2026-11-20T14:30:00+05:30")));
    assert!(compare("created_at", "lt", json!("2026-11-20T09:00:01Z")));
    assert!(!compare("created_at", "gt", json!("2026-11-20T09:00:00Z")));
    assert!(compare("created_at", "between", json!(["2026-11-01T00:00:00Z", "2026-11-20T09:00:00Z"])));
}

#[test]
fn lists_are_asked_for_members() {
    assert!(compare("tags", "contains", json!("nri")) && !compare("tags", "contains", json!("buy")));
    assert!(compare("tags", "in", json!(["seller", "buyer"])) && compare("tags", "not_in", json!(["seller"])));
}

#[test]
fn missing_and_blank_facts_satisfy_only_negations() {
    for field in ["form_responses.nothing", "form_responses.remarks"] {
        assert!(!compare(field, "eq", json!("x")) && !compare(field, "in", json!(["x"])), "{field}");
        assert!(!compare(field, "contains", json!("x")) && !compare(field, "starts_with", json!("x")), "{field}");
        assert!(compare(field, "ne", json!("x")) && compare(field, "not_in", json!(["x"])), "{field}");
        assert!(holds(json!({"field": field, "op": "not_exists"}), &record()), "{field}");
        assert!(!holds(json!({"field": field, "op": "exists"}), &record()), "{field}");
    }
    let nobody = Record(HashMap::new());
    for op in ["gt", "gte", "lt", "lte", "eq"] {
        assert!(!holds(json!({"field": "score", "op": op, "value": 0}), &nobody), "{op}");
    }
    assert!(holds(json!({"field": "vip", "op": "ne", "value": true}), &nobody));
}

#[test]
fn groups_combine() {
    let yes = json!({"field": "vip", "op": "eq", "value": true});
    let no = json!({"field": "vip", "op": "eq", "value": false});
    for (expression, expected) in [
        (json!({"all": [yes, yes]}), true),
        (json!({"all": [yes, no]}), false),
        (json!({"any": [no, yes]}), true),
        (json!({"any": [no, no]}), false),
        (json!({"not": no}), true),
        (json!({"not": {"all": [yes, {"any": [no, {"not": no}]}]}}), false),
        (json!({"all": []}), true),
    ] {
        assert_eq!(holds(expression.clone(), &record()), expected, "{expression}");
    }
}

#[test]
fn round_trips_and_spells_aliases_the_short_way() {
    let document = json!({"all": [
        {"field": "created_at", "op": "gte", "value": "2026-11-20T14:30:00+05:30"},
        {"any": [
            {"field": "score", "op": "between", "value": [1, 2.5]},
            {"field": "tags", "op": "in", "value": ["a", "B "]},
        ]},
        {"not": {"field": "form_responses.budget", "op": "exists"}},
        {"field": "vip", "op": "eq", "value": false},
    ]});
    let expr = parse(document.clone());
    assert_eq!(serde_json::to_value(&expr).unwrap(), document);
    assert_eq!(serde_json::from_value::<Expr>(document).unwrap(), expr);

    let theirs = json!({"field": "score", "operator": "greater_than", "value": 5});
    let ours = json!({"field": "score", "op": "gt", "value": 5});
    assert_eq!(serde_json::to_value(parse(theirs)).unwrap(), ours);
    for (alias, op) in [("equals", "eq"), ("less_than", "lt"), (">", "gt")] {
        let expr = parse(json!({"field": "score", "op": alias, "value": 5}));
        assert_eq!(serde_json::to_value(expr).unwrap()["op"], op);
    }
    assert!(serde_json::from_value::<Expr>(json!({"field": "a", "op": "between", "value": [2, 1]})).is_err());
}

#[test]
fn wrong_nodes_are_pointed_at() {
    let vip = json!({"field": "vip", "op": "exists"});
    assert_eq!(error(json!([])), at("", "invalid_type"));
    assert_eq!(error(json!({})), at("", "required"));
    assert_eq!(error(json!({"any": []})), at("/any", "invalid_value"));
    assert_eq!(error(json!({"all": {}})), at("/all", "invalid_type"));
    assert_eq!(error(json!({"all": [vip, 7]})), at("/all/1", "invalid_type"));
    assert_eq!(error(json!({"not": {"any": [{"op": "eq"}]}})), at("/not/any/0", "required"));
    assert_eq!(error(json!({"all": [], "any": [vip]})), at("/any", "unknown_field"));
    assert_eq!(error(json!({"all": [], "a/b~c": 1})), at("/a~1b~0c", "unknown_field"));
    assert_eq!(error(json!({"field": "shoe", "op": "eq", "value": 1})), at("/field", "unknown_field"));
    assert_eq!(error(json!({"field": "form_responses.", "op": "exists"})), at("/field", "unknown_field"));
    assert_eq!(error(json!({"field": "name"})), at("/op", "required"));
    assert_eq!(error(json!({"field": "name", "op": "like", "value": "x"})), at("/op", "invalid_value"));
    assert_eq!(error(json!({"field": "name", "operator": 5, "value": "x"})), at("/operator", "invalid_type"));
    assert_eq!(error(json!({"field": "vip", "op": "exists", "operator": "eq"})), at("/operator", "invalid_value"));
}

#[test]
fn types_are_checked_against_the_catalogue() {
    let check = |field: &str, op: &str, value: Value| error(json!({"field": field, "op": op, "value": value}));
    assert_eq!(check("name", "gt", json!("a")), at("/op", "invalid_value"));
    assert_eq!(check("vip", "contains", json!(true)), at("/op", "invalid_value"));
    assert_eq!(check("tags", "eq", json!("a")), at("/op", "invalid_value"));
    assert_eq!(check("name", "eq", json!(5)), at("/value", "invalid_type"));
    assert_eq!(check("name", "eq", json!(null)), at("/value", "invalid_type"));
    assert_eq!(check("name", "eq", json!("  ")), at("/value", "invalid_value"));
    assert_eq!(check("name", "eq", json!("x".repeat(501))), at("/value", "too_long"));
    assert_eq!(check("score", "eq", json!("60")), at("/value", "invalid_type"));
    assert_eq!(check("score", "eq", json!(u64::MAX)), at("/value", "invalid_value"));
    assert_eq!(check("score", "in", json!([1, "2"])), at("/value/1", "invalid_type"));
    assert_eq!(check("score", "in", json!([])), at("/value", "invalid_type"));
    assert_eq!(check("score", "between", json!([1])), at("/value", "invalid_type"));
    assert_eq!(check("score", "between", json!([2, 1])), at("/value", "invalid_value"));
    assert_eq!(check("score", "between", json!([1, true])), at("/value/1", "invalid_type"));
    assert_eq!(check("created_at", "gt", json!("yesterday")), at("/value", "invalid_type"));
    assert_eq!(check("created_at", "gt", json!(1_700_000_000)), at("/value", "invalid_type"));
    assert_eq!(check("vip", "exists", json!(true)), at("/value", "unknown_field"));
    assert_eq!(error(json!({"field": "name", "op": "eq"})), at("/value", "required"));
}

#[test]
fn all_errors_are_reported_below_the_given_pointer() {
    let value = json!({"all": [{"field": "shoe", "op": "like"}, {"field": "vip", "op": "eq", "value": "yes"}]});
    let error = Expr::parse_at(&value, &fields(), "/items/3/when").unwrap_err();
    let pointers: Vec<_> = error.field_errors().iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(pointers, ["/items/3/when/all/0/field", "/items/3/when/all/0/op", "/items/3/when/all/1/value"]);
    assert!(error.field_errors()[0].detail.contains("form_responses.*"));
}

#[test]
fn depth_and_size_have_limits() {
    let leaf = json!({"field": "vip", "op": "exists"});
    let nested = |levels: usize| (1..levels).fold(leaf.clone(), |inner, _| json!({"not": inner}));
    parse(nested(MAX_DEPTH));
    let (pointer, code) = error(nested(MAX_DEPTH + 1));
    assert_eq!((pointer, code.as_str()), ("/not".repeat(MAX_DEPTH), "too_deep"));

    parse(json!({"all": vec![leaf.clone(); MAX_NODES - 1]}));
    assert_eq!(error(json!({"all": vec![leaf.clone(); MAX_NODES]})), at("/all/199", "too_large"));
    let many = json!({"all": vec![json!({"all": vec![leaf.clone(); 20]}); 20]});
    assert_eq!(errors(many).len(), 1, "said once");
    assert!(serde_json::from_value::<Expr>(nested(MAX_DEPTH + 1)).is_err());
}

#[test]
fn the_schema_of_a_rule_speaks_of_itself() {
    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(Expr)))]
    struct Api;
    let api = serde_json::to_value(<Api as utoipa::OpenApi>::openapi()).unwrap();
    let schema = &api["components"]["schemas"]["Rule"];
    assert_eq!(schema["oneOf"][0]["properties"]["all"]["items"]["$ref"], "#/components/schemas/Rule");
    assert_eq!(schema["oneOf"][4]["properties"]["op"]["enum"].as_array().unwrap().len(), super::Op::ALL.len());
    assert!(serde_json::from_value::<Expr>(schema["examples"][0].clone()).is_ok());
}
