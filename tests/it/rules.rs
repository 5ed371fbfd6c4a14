//! Rules answer the same in memory and in SQL, on both engines: random rules over random rows.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_query;
use leadwright::base::id::{RawId, TenantId, Uuid};
use leadwright::base::time::Timestamp;
use leadwright::each_engine;
use leadwright::engine::db::{DbConn, Where};
use leadwright::engine::rules::{
    Catalogue, DayOfYear, Fact, Facts, Field, FieldType, Link, Moment, Number, Others, Rule, Source,
};
use serde_json::{Value, json};

use crate::both_engines;

diesel::table! {
    use leadwright::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    things (id) {
        id -> Guid,
        tenant_id -> Guid,
        name -> Nullable<Text>,
        size -> Nullable<Integer>,
        weight -> Nullable<Double>,
        made_at -> Nullable<Instant>,
        due -> Nullable<Text>,
        day -> Nullable<Integer>,
        maker_id -> Nullable<Guid>,
        is_new -> Nullable<Bool>,
    }
}

diesel::table! {
    use leadwright::base::id::Guid;
    use diesel::sql_types::*;

    thing_tags (id) {
        id -> Guid,
        tenant_id -> Guid,
        thing_id -> Guid,
        tag -> Text,
    }
}

diesel::table! {
    use leadwright::base::{id::Guid, time::Instant};
    use diesel::sql_types::*;

    thing_parts (id) {
        id -> Guid,
        tenant_id -> Guid,
        thing_id -> Guid,
        kind -> Nullable<Text>,
        price -> BigInt,
        used_at -> Nullable<Instant>,
    }
}

const POSTGRES: [&str; 3] = [
    "CREATE TABLE things (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, name text, size integer, weight double precision, made_at timestamptz, due text COLLATE \"C\", day integer, maker_id uuid, is_new boolean)",
    "CREATE TABLE thing_tags (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, thing_id uuid NOT NULL, tag text NOT NULL)",
    "CREATE TABLE thing_parts (id uuid PRIMARY KEY, tenant_id uuid NOT NULL, thing_id uuid NOT NULL, kind text, price bigint NOT NULL, used_at timestamptz)",
];

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = things)]
struct Thing {
    id: RawId,
    tenant_id: TenantId,
    name: Option<String>,
    size: Option<i32>,
    weight: Option<f64>,
    made_at: Option<Timestamp>,
    due: Option<String>,
    day: Option<i32>,
    maker_id: Option<RawId>,
    is_new: Option<bool>,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = thing_tags)]
struct Tag {
    id: RawId,
    tenant_id: TenantId,
    thing_id: RawId,
    tag: String,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = thing_parts)]
struct Part {
    id: RawId,
    tenant_id: TenantId,
    thing_id: RawId,
    kind: Option<String>,
    price: i64,
    used_at: Option<Timestamp>,
}

struct Whole {
    thing: Thing,
    tags: Vec<String>,
    parts: Vec<Part>,
}

impl Facts for Whole {
    fn get(&self, field: &Field) -> Fact<'_> {
        let thing = &self.thing;
        match &*field.name {
            "name" => thing.name.as_ref().into(),
            "size" => thing.size.into(),
            "weight" => thing.weight.map(Number::Decimal).map_or(Fact::Missing, Fact::Number),
            "made_at" => thing.made_at.into(),
            "due" => thing.due.as_deref().and_then(|due| due.parse::<NaiveDate>().ok()).into(),
            "day" => thing.day.map(|day| DayOfYear { month: day as u32 / 100, day: day as u32 % 100 }).into(),
            "maker" => thing.maker_id.map(|id| id.0).into(),
            "is_new" => thing.is_new.into(),
            "has_name" => thing.name.is_some().into(),
            "tags" => self.tags.as_slice().into(),
            other => panic!("{other} is no field"),
        }
    }
    fn rows(&self, noun: &str) -> Vec<&dyn Facts> {
        assert_eq!(noun, "parts");
        self.parts.iter().map(|part| part as &dyn Facts).collect()
    }
}

impl Facts for Part {
    fn get(&self, field: &Field) -> Fact<'_> {
        match &*field.name {
            "kind" => self.kind.as_ref().into(),
            "price" => self.price.into(),
            "used_at" => self.used_at.into(),
            other => panic!("{other} is no field"),
        }
    }
}

fn catalogue() -> Catalogue {
    let parts = Catalogue::new()
        .with(Field::new("kind", FieldType::one_of(["cog", "axle"])).stands(Source::column(thing_parts::kind)))
        .with(Field::new("price", FieldType::Number).stands(Source::column(thing_parts::price)))
        .with(Field::new("used_at", FieldType::Instant).stands(Source::column(thing_parts::used_at)));
    let of_parts = |tenant: TenantId| Where::<thing_parts::table, _>::part().is(thing_parts::tenant_id, tenant);
    let of_tags = |tenant: TenantId| Where::<thing_tags::table, _>::part().is(thing_tags::tenant_id, tenant);
    let tags = Link::new(things::id, thing_tags::thing_id, of_tags);
    let stands = |name: &'static str, kind, source| Field::new(name, kind).stands(source);
    Catalogue::new()
        .with(stands("name", FieldType::Text, Source::column(things::name)))
        .with(stands("size", FieldType::Number, Source::column(things::size)))
        .with(stands("weight", FieldType::Number, Source::decimal(things::weight)))
        .with(stands("made_at", FieldType::Instant, Source::column(things::made_at)))
        .with(stands("due", FieldType::Date, Source::column(things::due)))
        .with(stands("day", FieldType::DayOfYear, Source::column(things::day)))
        .with(stands("maker", FieldType::Id, Source::column(things::maker_id)))
        .with(stands("is_new", FieldType::Boolean, Source::column(things::is_new)))
        .with(stands("has_name", FieldType::Boolean, Source::is_there(things::name)))
        .with(stands("tags", FieldType::TextList, Source::members(tags, thing_tags::tag)))
        .others(Others::new("parts", parts).linked(Link::new(things::id, thing_parts::thing_id, of_parts)))
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.roll(4) == 0 { None } else { Some(make(self)) }
    }
    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.roll(all.len())]
    }
    fn text(&mut self) -> String {
        (*self.of::<str>(&["asha", "ash", "a%b", "a_b", "a\\b", "straße", "भारत", "ravi kumar", "x"])).to_string()
    }
    fn id(&mut self) -> Uuid {
        Uuid::from_u128(1 + self.roll(4) as u128)
    }
    fn at(&mut self, now: Timestamp) -> Timestamp {
        // On the edges of what is asked, and beside them.
        let days = [0, 1, 30, 31, 180, 365, -1, -30][self.roll(8)];
        let beside = [-1, 0, 1][self.roll(3)];
        now.minus(chrono::Duration::days(days)).plus(chrono::Duration::seconds(beside))
    }
    fn date(&mut self, today: NaiveDate) -> String {
        (today + chrono::Duration::days([0, 1, -1, 30, -30, 31, -31, 400][self.roll(8)])).to_string()
    }
    fn day(&mut self) -> i32 {
        [228, 229, 301, 227, 101, 1231, 517, 1120][self.roll(8)]
    }
    fn days(&mut self) -> usize {
        [0, 1, 30, 180, 365][self.roll(5)]
    }

    fn rule(&mut self, depth: usize, moment: &Moment) -> Value {
        match if depth == 0 { 6 } else { self.roll(9) } {
            0 => json!({"all": (0..self.roll(4)).map(|_| self.rule(depth - 1, moment)).collect::<Vec<_>>()}),
            1 => json!({"any": (0..=self.roll(3)).map(|_| self.rule(depth - 1, moment)).collect::<Vec<_>>()}),
            2 => json!({"not": self.rule(depth - 1, moment)}),
            3 => self.has(depth - 1, moment),
            _ => self.comparison(moment),
        }
    }

    fn has(&mut self, depth: usize, moment: &Moment) -> Value {
        let mut has = json!({"has": "parts"});
        if self.roll(3) > 0 {
            has["where"] = self.part(depth, moment);
        }
        match self.roll(4) {
            0 => has["count"] = self.numbers(json!({}), &[json!(0), json!(1), json!(2), json!(1.5)]),
            1 => {
                has["sum"] = self.numbers(json!({"field": "price"}), &[json!(0), json!(500), json!(749.5), json!(1000)])
            }
            2 => has["last"] = self.times(json!({"field": "used_at"}), moment),
            _ => {}
        }
        has
    }

    fn part(&mut self, depth: usize, moment: &Moment) -> Value {
        match self.roll(if depth == 0 { 3 } else { 5 }) {
            0 => self.words(json!({"field": "kind"}), &[json!("cog"), json!("axle")]),
            1 => self.numbers(json!({"field": "price"}), &[json!(250), json!(500)]),
            2 => self.times(json!({"field": "used_at"}), moment),
            3 => json!({"not": self.part(depth - 1, moment)}),
            _ => json!({"any": [self.part(depth - 1, moment), self.part(depth - 1, moment)]}),
        }
    }

    fn words(&mut self, mut node: Value, all: &[Value]) -> Value {
        let op = *self.of::<&str>(&[&"eq", &"ne", &"in", &"not_in", &"exists", &"not_exists"]);
        node["op"] = op.into();
        match op {
            "in" | "not_in" => node["value"] = (0..=self.roll(3)).map(|_| all[self.roll(all.len())].clone()).collect(),
            "eq" | "ne" => node["value"] = all[self.roll(all.len())].clone(),
            _ => {}
        }
        node
    }

    fn numbers(&mut self, mut node: Value, all: &[Value]) -> Value {
        let op = *self.of::<&str>(&[&"gt", &"gte", &"lt", &"lte", &"between", &"eq"]);
        match op {
            "eq" => return self.words(node, all),
            "between" => node["value"] = json!([all[0], all[all.len() - 1]]),
            _ => node["value"] = all[self.roll(all.len())].clone(),
        }
        node["op"] = op.into();
        node
    }

    fn times(&mut self, mut node: Value, moment: &Moment) -> Value {
        let ops: [&&str; 8] = [
            &"gt",
            &"lte",
            &"between",
            &"within_last_days",
            &"more_than_days_ago",
            &"within_next_days",
            &"exists",
            &"ne",
        ];
        let op = *self.of::<&str>(&ops);
        node["op"] = op.into();
        match op {
            "exists" => {}
            "between" => node["value"] = json!([moment.now.minus(chrono::Duration::days(31)), moment.now]),
            "gt" | "lte" | "ne" => node["value"] = json!(self.at(moment.now)),
            _ => node["value"] = self.days().into(),
        }
        node
    }

    fn comparison(&mut self, moment: &Moment) -> Value {
        let text = self.text();
        match self.roll(10) {
            0 => {
                let op = *self.of::<&str>(&[&"contains", &"starts_with"]);
                let part: String = text.chars().take(1 + self.roll(3)).collect();
                json!({"field": "name", "op": op, "value": part})
            }
            1 => self.words(json!({"field": "name"}), &[text.to_uppercase().into(), "asha".into(), "A%B".into()]),
            2 => self.numbers(json!({"field": "size"}), &[json!(-3), json!(0), json!(2.5), json!(7), json!(1e300)]),
            3 => self.numbers(json!({"field": "weight"}), &[json!(0), json!(0.5), json!(3)]),
            4 => self.times(json!({"field": "made_at"}), moment),
            5 => {
                let ops: [&&str; 7] = [
                    &"is_today",
                    &"within_last_days",
                    &"more_than_days_ago",
                    &"within_next_days",
                    &"gte",
                    &"ne",
                    &"between",
                ];
                let op = *self.of::<&str>(&ops);
                let (today, days) = (moment.today(), self.days());
                match op {
                    "is_today" => json!({"field": "due", "op": op}),
                    "gte" | "ne" => json!({"field": "due", "op": op, "value": self.date(today)}),
                    "between" => {
                        json!({"field": "due", "op": op, "value": ["2026-01-01", self.date(today + chrono::Duration::days(400))]})
                    }
                    _ => json!({"field": "due", "op": op, "value": days}),
                }
            }
            6 => match self.roll(3) {
                0 => json!({"field": "day", "op": "is_today"}),
                1 => json!({"field": "day", "op": "not_exists"}),
                _ => json!({"field": "day", "op": "within_next_days", "value": self.days()}),
            },
            7 => self.words(json!({"field": "maker"}), &[json!(Uuid::from_u128(1)), json!(Uuid::from_u128(2))]),
            8 => {
                let field = *self.of::<&str>(&[&"is_new", &"has_name"]);
                let op = *self.of::<&str>(&[&"eq", &"ne", &"exists", &"not_exists"]);
                let mut node = json!({"field": field, "op": op});
                if matches!(op, "eq" | "ne") {
                    node["value"] = (self.roll(2) == 0).into();
                }
                node
            }
            _ => {
                let op = *self.of::<&str>(&[&"contains", &"in", &"not_in", &"has_all", &"exists", &"not_exists"]);
                let mut node = json!({"field": "tags", "op": op});
                match op {
                    "contains" => node["value"] = "vip".into(),
                    "exists" | "not_exists" => {}
                    _ => {
                        node["value"] = (0..=self.roll(2))
                            .map(|_| Value::from(*self.of::<&str>(&[&"VIP", &"nri", &"new"])))
                            .collect()
                    }
                }
                node
            }
        }
    }
}

fn random(dice: &mut Dice, tenant_id: TenantId, moment: &Moment) -> Whole {
    let id = RawId(TenantId::new().uuid());
    let mut tags: Vec<String> = (0..dice.roll(3)).map(|_| (*dice.of::<&str>(&[&"vip", &"nri"])).to_string()).collect();
    tags.dedup();
    let parts = (0..dice.roll(4)).map(|_| Part {
        id: RawId(TenantId::new().uuid()),
        tenant_id,
        thing_id: id,
        kind: dice.maybe(|dice| (*dice.of::<&str>(&[&"cog", &"axle"])).to_string()),
        price: [0, 250, 500, -100][dice.roll(4)],
        used_at: dice.maybe(|dice| dice.at(moment.now)),
    });
    let parts: Vec<Part> = parts.collect();
    let thing = Thing {
        id,
        tenant_id,
        name: dice.maybe(Dice::text),
        size: dice.maybe(|dice| [-3, 0, 2, 3, 7][dice.roll(5)]),
        weight: dice.maybe(|dice| [0.0, 0.5, 2.5, 3.0][dice.roll(4)]),
        made_at: dice.maybe(|dice| dice.at(moment.now)),
        due: dice.maybe(|dice| dice.date(moment.today())),
        day: dice.maybe(Dice::day),
        maker_id: dice.maybe(|dice| RawId(dice.id())),
        is_new: dice.maybe(|dice| dice.roll(2) == 0),
    };
    Whole { thing, tags, parts }
}

both_engines! {
    async fn a_rule_answers_the_same_in_memory_and_in_sql(app: TestApp) {
        let check = |conn: &mut DbConn| {
            for sql in POSTGRES {
                let sqlite = sql.replace("COLLATE \"C\"", "").replace("uuid", "BLOB").replace("timestamptz", "BIGINT");
                let sql = if matches!(conn, DbConn::Sqlite(_)) { sqlite } else { sql.to_string() };
                each_engine!(conn, c => sql_query(sql).execute(c))?;
            }
            let tenant = TenantId::new();
            let now: Timestamp = "2027-02-28T20:00:00Z".parse().unwrap();
            let mut dice = Dice(20_261_130);
            // In one of these zones it is March already.
            for zone in [chrono_tz::Tz::UTC, chrono_tz::Tz::Asia__Kolkata] {
                let moment = Moment { now, zone };
                let all: Vec<Whole> = (0..120).map(|_| random(&mut dice, tenant, &moment)).collect();
                // Another's, which no rule may count.
                let strange = random(&mut dice, TenantId::new(), &moment);
                each_engine!(conn, c => {
                    diesel::delete(things::table).execute(c)?;
                    for Whole { thing, tags, parts } in all.iter().chain([&strange]) {
                        diesel::insert_into(things::table).values(thing).execute(c)?;
                        for tag in tags {
                            let tag = Tag { id: RawId(TenantId::new().uuid()), tenant_id: thing.tenant_id, thing_id: thing.id, tag: tag.clone() };
                            diesel::insert_into(thing_tags::table).values(tag).execute(c)?;
                        }
                        for part in parts {
                            diesel::insert_into(thing_parts::table).values(part).execute(c)?;
                        }
                    }
                });
                let known: BTreeMap<Uuid, &Whole> = all.iter().map(|one| (one.thing.id.0, one)).collect();
                let catalogue = catalogue();
                let (mut found_some, mut rules) = (0, 0);
                while rules < 600 {
                    let written = dice.rule(3, &moment);
                    let rule = Rule::parse_at(&written, &catalogue, "").unwrap_or_else(|error| panic!("{written}: {:?}", error.field_errors()));
                    rules += 1;
                    let select = || things::table.filter(things::tenant_id.eq(tenant)).filter(rule.rows::<things::table>(tenant, &moment)).select(things::id);
                    let mut found: Vec<RawId> = each_engine!(conn, c => select().load(c))?;
                    found.sort_unstable_by_key(|id| id.0);
                    let expected: Vec<Uuid> = known.iter().filter(|(_, one)| rule.matches(**one, &moment)).map(|(id, _)| *id).collect();
                    let found: Vec<Uuid> = found.into_iter().map(|id| id.0).collect();
                    if found != expected {
                        let odd = found.iter().find(|id| !expected.contains(id)).or_else(|| expected.iter().find(|id| !found.contains(id))).unwrap();
                        panic!("{written}\nin SQL {}, in memory {}: {:?} {:?}", found.len(), expected.len(), known[odd].thing, known[odd].parts);
                    }
                    found_some += usize::from(!found.is_empty() && found.len() < all.len());
                    // Until it says so, time alone does not change the answer.
                    for one in all.iter().take(12) {
                        let holds = rule.matches(one, &moment);
                        let Some(turns_at) = rule.changes_at(one, &moment) else {
                            assert_eq!(rule.matches(one, &Moment { now: now.plus(chrono::Duration::days(1234)), zone }), holds, "{written}: {:?}", one.thing);
                            continue;
                        };
                        assert!(turns_at > now && rule.turns(), "{written}");
                        let before = Moment { now: turns_at.minus(chrono::Duration::microseconds(1)), zone };
                        assert_eq!(rule.matches(one, &before), holds, "{written} before {turns_at}: {:?}", one.thing);
                    }
                    assert_eq!(serde_json::to_value(rule.expr()).unwrap(), serde_json::to_value(Rule::parse_at(&serde_json::to_value(rule.expr()).unwrap(), &catalogue, "").unwrap()).unwrap());
                }
                assert!(found_some > 200, "only {found_some} rules tell rows apart");
            }
            Ok(())
        };
        app.app.core.db.with_connection(check).await.expect("the same answers");
    }
}
