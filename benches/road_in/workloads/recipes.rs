//! What an operation says to the database, for the limit to say it again.

use leadwright::sandbox::SandboxSettings;

use super::World;
use super::people::{Person, webhook};
use super::requests::writers;
use crate::Outcome;
use crate::http::{Caller, text};
use crate::limit::{Access, Limit};
use crate::seed::lead_id;
use crate::statements::{Marks, Recipe, Statement};
use crate::trace::{self, Traced};

/// The tenant's new leads, newest first; the page's size follows.
pub const LIST: &str = "/v1/leads?status=new&sort=-created_at&limit=";

/// What an operation says to the database, found by watching the application do it twice.
pub fn limits(world: &World, wanted: &str, person: &dyn Fn() -> Person) -> Outcome<Vec<(&'static str, Limit)>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut traced = trace::start(&world.database, &world.settings()).await?;
        let mut found = Vec::new();
        let big = &world.tenants[0];
        if wanted == "read" {
            let recipe = recipe_of_read(&mut traced, &big.id, &big.key).await?;
            found.push(("read", Limit::of(&world.database, "read", vec![recipe], world.size.big, Access::Read)?));
        }
        if wanted == "list" {
            for name in ["list", "list deep"] {
                let recipe = recipe_of_list(&mut traced, world, name == "list deep").await?;
                let file = name.replace(' ', "-");
                let limit = Limit::of(&world.database, &file, vec![recipe], world.size.big, Access::Read)?;
                found.push((name, limit));
            }
        }
        if wanted == "create" {
            let mut recipes = Vec::new();
            for tenant in &world.tenants[..writers(world)] {
                recipes.push(recipe_of_create(&mut traced, &tenant.id, &tenant.key, person).await?);
            }
            found.push(("create", Limit::of(&world.database, "create", recipes, world.size.big, Access::Write)?));
        }
        if wanted == "webhook" {
            let recipe = recipe_of_webhook(&mut traced, person).await?;
            found
                .push(("webhook", Limit::of(&world.database, "webhook", vec![recipe], world.size.big, Access::Write)?));
        }
        traced.stop().await;
        Ok(found)
    })
}

/// Statements about leads, without those that find out who asks.
fn reads(said: Vec<Statement>) -> Vec<Statement> {
    let about = |s: &Statement| !s.is_control() && s.sql.contains("leads") && !s.sql.contains("api_keys");
    said.into_iter().filter(about).collect()
}

/// The largest transaction: the one that does the work.
fn transaction(said: Vec<Statement>) -> Outcome<Vec<Statement>> {
    let (mut best, mut current): (Vec<Statement>, Option<Vec<Statement>>) = (Vec::new(), None);
    for statement in said {
        let word = statement.sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if word == "BEGIN" {
            if current.is_some() {
                // The writer of SQLite asks by it whether the transaction is still there.
                continue;
            }
            current = Some(Vec::new());
        }
        if let Some(open) = &mut current {
            open.push(statement);
        }
        match word.as_str() {
            "COMMIT" => best = current.take().into_iter().chain([best]).max_by_key(Vec::len).unwrap_or_default(),
            "ROLLBACK" => current = None,
            _ => {}
        }
    }
    if best.is_empty() { Err("no transaction was seen".into()) } else { Ok(best) }
}

/// The path of a page of 50 that far down the list.
pub async fn deep_page(caller: &mut Caller, number: usize) -> Outcome<String> {
    // Pages of 200 lead to the same place in a quarter of the steps.
    let mut path = format!("{LIST}200");
    for step in 0..(number - 1) / 4 {
        let page = caller.get(&path).await?;
        let cursor = text(&page, "/next_cursor").map_err(|_| format!("the list ended after {} pages", step * 4))?;
        path = format!("{LIST}200&cursor={cursor}");
    }
    Ok(path.replace("limit=200", "limit=50"))
}

async fn recipe_of_read(traced: &mut Traced, tenant: &str, key: &str) -> Outcome<Recipe> {
    let mut seen = Vec::new();
    for lead in [11, 11, 12] {
        let mut caller = Caller::new(traced.to, Some(key));
        let path = format!("/v1/leads/{}", lead_id(lead));
        seen.push(reads(traced.during(caller.get(&path)).await?.1));
    }
    let marks = Marks { numbers: &[], lead: Some(&lead_id(12)), tenant };
    Ok(Recipe::derive(&seen[1], &seen[2], &marks)?)
}

async fn recipe_of_list(traced: &mut Traced, world: &World, deep: bool) -> Outcome<Recipe> {
    let tenant = &world.tenants[0];
    let mut caller = Caller::new(traced.to, Some(&tenant.key));
    let path = if deep { deep_page(&mut caller, world.size.deep_page).await? } else { format!("{LIST}50") };
    caller.get(&path).await?;
    let first = reads(traced.during(caller.get(&path)).await?.1);
    let second = reads(traced.during(caller.get(&path)).await?.1);
    Ok(Recipe::derive(&first, &second, &Marks { numbers: &[], lead: None, tenant: &tenant.id })?)
}

async fn recipe_of_create(
    traced: &mut Traced,
    tenant: &str,
    key: &str,
    person: &dyn Fn() -> Person,
) -> Outcome<Recipe> {
    let mut caller = Caller::new(traced.to, Some(key));
    let mut seen = Vec::new();
    let mut last = person();
    // The first fills caches.
    for _ in 0..3 {
        last = person();
        let body = serde_json::from_slice(&last.body())?;
        seen.push(transaction(traced.during(caller.post("/v1/leads", body)).await?.1)?);
    }
    let marks = last.marks();
    Ok(Recipe::derive(&seen[1], &seen[2], &Marks { numbers: &marks, lead: None, tenant })?)
}

/// The rows a webhook leaves, in one durable transaction; a look at what was inserted is not part of the limit.
async fn recipe_of_webhook(traced: &mut Traced, person: &dyn Fn() -> Person) -> Outcome<Recipe> {
    let secret = SandboxSettings::default_credentials().meta_app_secret;
    let (mut seen, mut last) = (Vec::new(), person());
    for _ in 0..3 {
        last = person();
        let mut bytes = Vec::new();
        webhook(last.number, &secret, &mut bytes);
        let to = traced.to;
        let send = async {
            let mut connection = crate::http::Connection::open(to).await?;
            let status = connection.call(&bytes).await?.status;
            if status == 200 { Ok(()) } else { Err(format!("a webhook was answered {status}").into()) }
        };
        seen.push(transaction(traced.during(send).await?.1)?);
    }
    let marks = Marks { numbers: &last.marks(), lead: None, tenant: "" };
    let recipe = Recipe::derive(&seen[1], &seen[2], &marks)?;
    Ok(recipe.only(|sql| !sql.trim_start().to_ascii_uppercase().starts_with("SELECT")))
}
