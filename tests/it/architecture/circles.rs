//! Who uses whom inside a folder: one way, so that a file can be read without the next one.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, src};

/// Every path that a `use` at the beginning of a line names, braces written out.
fn uses(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let line = rest[..at].rsplit('\n').next().unwrap_or_default();
        rest = &rest[at + 4..];
        let Some(end) = rest.find(';') else { break };
        if line.is_empty() || line.starts_with("pub") {
            spell_out(&[], rest[..end].trim(), &mut found);
        }
    }
    found
}

/// Every path that code spells out where it stands, from the crate's root or from a module above; also what a macro writes.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for root in ["crate", "super", "self"] {
        for (at, _) in code.match_indices(&format!("{root}::")) {
            let before = &code[..at];
            // Part of a longer name or path, or who may see something.
            if before.ends_with(|c| is_name(c) || c == ':') || before.ends_with("(in ") {
                continue;
            }
            let steps = code[at..].split("::").map(|step| step.split(|c| !is_name(c)).next().unwrap_or_default());
            let mut path = Vec::new();
            let mut rest = &code[at..];
            for step in steps {
                rest = &rest[step.len()..];
                if step.is_empty() {
                    break;
                }
                path.push(step.to_string());
                match rest.strip_prefix("::") {
                    Some(more) => rest = more,
                    None => break,
                }
            }
            found.push(path);
        }
    }
    found
}

fn spell_out(before: &[String], text: &str, found: &mut Vec<Vec<String>>) {
    let steps = |text: &str| -> Vec<String> {
        text.split("::").map(|step| step.trim().to_string()).filter(|step| !step.is_empty()).collect()
    };
    let mut path = before.to_vec();
    let Some(brace) = text.find('{') else {
        path.extend(steps(text.split(" as ").next().unwrap_or_default()));
        found.push(path);
        return;
    };
    path.extend(steps(&text[..brace]));
    let inner = &text[brace + 1..text.rfind('}').unwrap_or(text.len())];
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[start..at].trim().is_empty() {
                    spell_out(&path, inner[start..at].trim(), found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// The modules of a folder, each by its path inside it, with its code.
type Modules = BTreeMap<Vec<String>, String>;

fn modules_of(folder: &str) -> Modules {
    let inside = |file: &str| file.strip_prefix(folder)?.strip_prefix('/').map(str::to_string);
    let path = |file: String| {
        let mut path: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_string).collect();
        path.pop_if(|last| last == "mod");
        path
    };
    files().into_iter().filter_map(|(file, code)| Some((path(inside(&file)?), code))).collect()
}

/// Where in the folder a path leads to that the module `here` uses, and what it names there; `None`: it leads out of it.
fn target(modules: &Modules, folder: &str, here: &[String], used: &[String]) -> Option<(Vec<String>, Vec<String>)> {
    let up = used.iter().take_while(|step| *step == "super").count();
    let full: Vec<String> = match used.first().map(String::as_str)? {
        "super" => here.iter().take(here.len().checked_sub(up)?).chain(&used[up..]).cloned().collect(),
        "self" => here.iter().chain(&used[1..]).cloned().collect(),
        "crate" if used.get(1).is_some_and(|step| step == folder) => used[2..].to_vec(),
        first if modules.contains_key(&[here, &[first.to_string()]].concat()) => [here, used].concat(),
        _ => return None,
    };
    let known = (0..=full.len()).rev().find(|length| modules.contains_key(&full[..*length]))?;
    Some((full[..known].to_vec(), full[known..].to_vec()))
}

/// What each module of the folder uses of the others. A name that a module passes on counts as its maker's.
fn used_inside(folder: &str, modules: &Modules) -> BTreeSet<(Vec<String>, Vec<String>)> {
    let mut passed_on = BTreeMap::new();
    for (here, code) in modules {
        for used in uses(code) {
            if let (Some((there, _)), Some(name)) = (target(modules, folder, here, &used), used.last())
                && there != *here
            {
                passed_on.insert((here.clone(), name.clone()), there);
            }
        }
    }
    let mut found = BTreeSet::new();
    for (here, code) in modules {
        for used in uses(code).into_iter().chain(paths(code)) {
            let Some((mut there, names)) = target(modules, folder, here, &used) else { continue };
            if let Some(name) = names.first() {
                // As far as a name is passed on by hand; one that goes in circles is found below.
                for _ in 0..8 {
                    let Some(maker) = passed_on.get(&(there.clone(), name.clone())) else { break };
                    there = maker.clone();
                }
            }
            found.insert((here.clone(), there));
        }
    }
    found
}

/// The neighbours that lead back to where they began, folder by folder.
fn circles(folder: &str) -> Vec<String> {
    let modules = modules_of(folder);
    let mut neighbours: BTreeMap<Vec<String>, BTreeSet<(String, String)>> = BTreeMap::new();
    for (user, used) in used_inside(folder, &modules) {
        let shared = user.iter().zip(&used).take_while(|(one, other)| one == other).count();
        // A module and those inside it are one.
        if let (Some(one), Some(other)) = (user.get(shared), used.get(shared)) {
            neighbours.entry(user[..shared].to_vec()).or_default().insert((one.clone(), other.clone()));
        }
    }
    let mut found = Vec::new();
    for (within, mut arrows) in neighbours {
        // Whoever uses nobody, or is used by nobody, is in no circle.
        loop {
            let (users, used): (BTreeSet<String>, BTreeSet<String>) = arrows.iter().cloned().unzip();
            let before = arrows.len();
            arrows.retain(|(one, other)| used.contains(one) && users.contains(other));
            if arrows.len() == before {
                break;
            }
        }
        if !arrows.is_empty() {
            let arrows: Vec<String> = arrows.iter().map(|(one, other)| format!("{one} → {other}")).collect();
            found.push(format!("{folder}/{}: {}", within.join("/"), arrows.join(", ")));
        }
    }
    found
}

#[test]
fn a_path_is_seen_wherever_it_stands() {
    let code = "pub(in crate::x) fn f() { super::serve::wait(); $crate::base::put(1, self::y); my_crate::z::a; crate::a::{b, c} }";
    let mut found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    found.sort();
    assert_eq!(found, ["crate::a", "crate::base::put", "self::y", "super::serve::wait"]);
}

/// Inside a folder imports run one way, too, and so do the paths in its code.
#[test]
fn no_circles_of_neighbours() {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(src()).expect("src is readable").flatten().filter(|entry| entry.path().is_dir()) {
        found.extend(circles(&entry.file_name().to_string_lossy()));
    }
    // In the engine the transaction, its events and its jobs are one thing; the demo is one story.
    found.retain(|circle| !circle.starts_with("engine/: ") && !circle.starts_with("cli/demo"));
    assert!(found.is_empty(), "files that need each other:\n{}", found.join("\n"));
}
