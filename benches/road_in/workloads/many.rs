//! One tenant with very many leads: what it asks of them must not grow with their number.

use std::cell::Cell;
use std::time::Duration;

use super::World;
use super::recipes::deep_page;
use crate::Outcome;
use crate::http::{Caller, request};
use crate::load;
use crate::report::{Row, Target};
use crate::seed::lead_id;

/// An answer that takes longer is waited for.
const SOON_MS: f64 = 50.0;
const CALLERS: [usize; 2] = [1, 4];

/// What is asked: its name, and its path where `{n}` is the number of a lead.
const QUESTIONS: &[(&str, &str)] = &[
    ("read one lead", "/v1/leads/{id}"),
    ("list, newest first", "/v1/leads"),
    ("list, status=new", "/v1/leads?status=new"),
    ("list, status=new, deep page", ""),
    ("list, status=new&sort=-score", "/v1/leads?status=new&sort=-score"),
    ("list, status=won,lost&sort=-score", "/v1/leads?status=won,lost&sort=-score"),
    ("counts", "/v1/leads/counts"),
    ("counts, status=new&grade=hot", "/v1/leads/counts?status=new&grade=hot"),
    ("search, an address of one lead", "/v1/leads?q=person{n12}@example.com"),
    ("search, a phone number of one lead", "/v1/leads?q=%2B917{n9}"),
    ("search, digits of ten leads or so", "/v1/leads?q={n11}"),
    ("search, a name of a hundredth", "/v1/leads?q=asha%20verma"),
    ("search, what all have", "/v1/leads?q=example.com"),
    ("search, found nowhere", "/v1/leads?q=zyxwvut{n9}"),
    ("search, sorted by score", "/v1/leads?q=neha%20khan&sort=-score"),
    ("search, two letters", "/v1/leads?q=sh"),
    ("count, an address of one lead", "/v1/leads/counts?q=person{n12}@example.com"),
];

/// Asks each for a while, by one caller and by several.
pub fn measure(world: &World) -> Outcome<Vec<Row>> {
    let server = world.serve(&["--no-worker"], Vec::new())?;
    let deep = load::block_on(async {
        let mut caller = Caller::new(server.to, Some(&world.tenants[0].key));
        deep_page(&mut caller, world.size.deep_page.min(1000)).await
    })?;
    let random = Cell::new(0x2545_f491_4f6c_dd1d_u64);
    let mut rows = Vec::new();
    for (name, path) in QUESTIONS {
        let write = |_: usize, out: &mut Vec<u8>| {
            random.set(random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            let n = 1 + (random.get() >> 33) % world.size.big as u64;
            let path = if path.is_empty() { deep.clone() } else { filled(path, n) };
            request(out, "GET", &path, Some(&world.tenants[0].key), "", None);
        };
        let target = load::Target { to: server.to, write: &write, expected: &[200], process: &server };
        // Until its pages are in memory, as they are where anybody works with them.
        load::closed(&target, 1, Duration::from_secs(1))?;
        for callers in CALLERS {
            let slice = load::closed(&target, callers, world.pace.slice)?;
            let mut row = Row::of(name, format!("c = {callers}"), &[slice]);
            row.targets = vec![Target::below("p99", row.p99_ms, SOON_MS, "ms")];
            rows.push(row);
        }
    }
    world.end(server)?;
    Ok(rows)
}

fn filled(path: &str, n: u64) -> String {
    path.replace("{id}", &lead_id(n))
        .replace("{n12}", &format!("{n:012}"))
        .replace("{n11}", &format!("{:011}", n / 10))
        .replace("{n9}", &format!("{n:09}"))
}
