//! Dependencies between tasks: names become indexes, and what has no order is refused.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use crate::ids::TaskIndex;
use crate::order;
use crate::problem::{Problem, unknown_name};
use crate::text;

/// Dependencies in a whole request.
const MAX_EDGES: usize = 20_000;
/// Tasks on the longest chain.
const MAX_DEPTH: usize = 50;
/// Ids of a cycle that a message prints.
const MAX_PRINTED: usize = 8;

/// Resolves the dependencies of each task, in the order of the tasks; problems name their place.
pub fn resolve(ids: &[String], dependencies: &[impl AsRef<[String]>]) -> Result<Vec<Vec<TaskIndex>>, Vec<Problem>> {
    let by_name: LazyCell<BTreeMap<&str, usize>, _> =
        LazyCell::new(|| order::filled(ids.iter().enumerate().map(|(index, id)| (id.as_str(), index))));
    let mut problems = Vec::new();
    let mut resolved = Vec::with_capacity(ids.len());
    for (task, names) in dependencies.iter().enumerate() {
        let mut found = Vec::new();
        for (place, name) in names.as_ref().iter().enumerate() {
            let path = format!("/tasks/{task}/dependencies/{place}");
            match by_name.get(name.as_str()) {
                Some(&index) if index == task => {
                    problems.push(Problem::new("E_DEP_SELF", path, format!("{name} depends on itself")).got(name));
                }
                Some(&index) => {
                    if !found.contains(&TaskIndex(index)) {
                        found.push(TaskIndex(index));
                    }
                }
                None => problems.push(unknown_name(
                    "E_DEP_UNKNOWN",
                    path,
                    "dependency",
                    name,
                    ids.iter().map(String::as_str),
                    "dependencies name the task_id of other tasks",
                )),
            }
        }
        resolved.push(found);
    }
    let edges: usize = resolved.iter().map(Vec::len).sum();
    if edges > MAX_EDGES {
        let message = format!("tasks: {edges} dependencies in all, need at most {MAX_EDGES}");
        problems.push(Problem::new("E_DEP_LIMIT", "/tasks", message).got(edges).limit(format!("0..={MAX_EDGES}")));
    }
    if problems.is_empty() {
        problems.extend(order_problem(ids, &resolved));
    }
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

/// Follows every chain once; a task met again on its own chain closes a cycle.
fn order_problem(ids: &[String], edges: &[Vec<TaskIndex>]) -> Option<Problem> {
    // For each task: the number of tasks on the longest chain that ends with it. 0: not known yet.
    let mut depth = vec![0_usize; ids.len()];
    for start in 0..ids.len() {
        // A stack of (task, next dependency to look at) in place of recursion: chains come from outside.
        let mut chain: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((task, next)) = chain.last_mut() {
            let task = *task;
            match edges.get(task).and_then(|list| list.get(*next)) {
                Some(&TaskIndex(dependency)) => {
                    *next += 1;
                    if let Some(first) = chain.iter().position(|(on_chain, _)| *on_chain == dependency) {
                        let cycle = chain.iter().skip(first).map(|(on_chain, _)| *on_chain);
                        return Some(cycle_problem(ids, cycle.collect()));
                    }
                    if depth.get(dependency) == Some(&0) {
                        chain.push((dependency, 0));
                    }
                }
                None => {
                    let below = edges.get(task).into_iter().flatten().filter_map(|d| depth.get(d.0)).max();
                    let length = below.copied().unwrap_or(0) + 1;
                    if length > MAX_DEPTH {
                        let path = format!("/tasks/{task}/dependencies");
                        let message = format!("a chain of {length} tasks ends here, need at most {MAX_DEPTH}");
                        return Some(
                            Problem::new("E_DEP_LIMIT", path, message).got(length).limit(format!("1..={MAX_DEPTH}")),
                        );
                    }
                    if let Some(slot) = depth.get_mut(task) {
                        *slot = length;
                    }
                    chain.pop();
                }
            }
        }
    }
    None
}

fn cycle_problem(ids: &[String], cycle: Vec<usize>) -> Problem {
    let name = |index: usize| ids.get(index).map_or("?", String::as_str);
    let first = cycle.first().copied().unwrap_or(0);
    let mut names: Vec<&str> = cycle.iter().take(MAX_PRINTED).map(|&index| name(index)).collect();
    if cycle.len() > MAX_PRINTED {
        names.push("…");
    }
    names.push(name(first));
    let names = names.join(" -> ");
    let shown = text::escaped(&names);
    Problem::new("E_DEP_CYCLE", format!("/tasks/{first}/dependencies"), format!("dependencies form a cycle: {shown}"))
        .hint("a task can only depend on tasks that can end before it starts")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edges: &[(&str, &[&str])]) -> Result<Vec<Vec<TaskIndex>>, Vec<String>> {
        let ids: Vec<String> = edges.iter().map(|(id, _)| (*id).to_owned()).collect();
        let lists: Vec<Vec<String>> = edges.iter().map(|(_, d)| d.iter().map(|s| (*s).to_owned()).collect()).collect();
        resolve(&ids, &lists)
            .map_err(|problems| problems.into_iter().map(|p| format!("{} {}", p.code, p.message)).collect())
    }

    #[test]
    fn resolves_in_any_order_and_once() {
        let resolved = check(&[("a", &["b", "b"]), ("b", &[])]);
        assert_eq!(resolved, Ok(vec![vec![TaskIndex(1)], vec![]]));
    }

    #[test]
    fn prints_cycles() {
        let told = check(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]).expect_err("cycle");
        assert_eq!(told, ["E_DEP_CYCLE dependencies form a cycle: b -> c -> b"]);
    }

    #[test]
    fn names_unknown_and_own_dependencies() {
        let told = check(&[("a", &["a", "x"])]).expect_err("bad");
        assert_eq!(told, ["E_DEP_SELF a depends on itself", "E_DEP_UNKNOWN dependency: \"x\" is not known"]);
    }

    #[test]
    fn chains_have_an_end() {
        let ids: Vec<String> = (0..51).map(|n| format!("t{n}")).collect();
        let lists: Vec<Vec<String>> =
            (0..51).map(|n| if n == 0 { vec![] } else { vec![format!("t{}", n - 1)] }).collect();
        assert_eq!(resolve(&ids[..50], &lists[..50]).map(|r| r.len()), Ok(50));
        assert_eq!(resolve(&ids, &lists).expect_err("too deep")[0].code, "E_DEP_LIMIT");
    }
}
