//! Tables: columns without lines, as wide as what stands in them.

use comfy_table::{Cell, Color, Table, presets};
use parallel_agents_engine::task::TaskStatus;

use crate::report::{Report, TaskReport};
use crate::text::{columns as width_on_screen, cut, duration, shown, thousands};
use crate::ui::Ui;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// Other columns give way before the last one gets narrower than this.
const WISHED: usize = 24;

/// No column is cut below this.
const NARROWEST: usize = 10;

/// What may be left out of the tasks, the most telling first: agent types are long, and the request has them.
const OPTIONAL: [usize; 4] = [3, 5, 4, 1];

/// The tasks of a run, one line each.
pub fn tasks(ui: &Ui, report: &Report) -> String {
    let header = ["TASK", "AGENT", "STATUS", "TIME", "MODEL", "TOKENS", "ANSWER"];
    let gists: Vec<String> = report.results.iter().map(|task| shown(&task.gist())).collect();
    let rows: Vec<Vec<String>> = report.results.iter().map(columns).collect();
    let mut table = Layout::new(ui, &header).optional(&OPTIONAL);
    for ((row, gist), task) in rows.into_iter().zip(gists).zip(&report.results) {
        table.row(
            row.into_iter().chain([gist]).collect(),
            Some((2, if task.is_cut() { Color::Yellow } else { colour(task.status) })),
        );
    }
    table.finish()
}

fn columns(task: &TaskReport) -> Vec<String> {
    let tokens = task.metadata.usage.map(|usage| thousands(usage.total()));
    let unknown = || "-".to_owned();
    vec![
        shown(&task.task_id),
        shown(&task.agent_type),
        status(task),
        if task.metadata.attempts == 0 { unknown() } else { duration(task.execution_time) },
        task.metadata.model_applied.as_deref().map_or_else(unknown, shown),
        tokens.unwrap_or_else(unknown),
    ]
}

/// How a task ended. An answer of which something is missing is no whole success.
fn status(task: &TaskReport) -> String {
    let cut = if task.is_cut() { " (cut)" } else { "" };
    format!("{}{cut}", task.status.name())
}

fn colour(status: TaskStatus) -> Color {
    match status {
        TaskStatus::Completed => Color::Green,
        TaskStatus::Failed | TaskStatus::Timeout => Color::Red,
        TaskStatus::Cancelled | TaskStatus::Skipped => Color::Yellow,
        TaskStatus::Pending | TaskStatus::Running => Color::Reset,
    }
}

/// Which cell of a row has which colour.
type Coloured = (usize, Color);

/// A table whose last column takes the room that is left and is cut there.
pub struct Layout<'a> {
    ui: &'a Ui,
    header: Vec<String>,
    rows: Vec<(Vec<String>, Option<Coloured>)>,
    optional: &'a [usize],
}

impl<'a> Layout<'a> {
    /// A table without rows.
    pub fn new(ui: &'a Ui, header: &[&str]) -> Self {
        Self { ui, header: header.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new(), optional: &[] }
    }

    /// Names columns that a narrow terminal does without, the most telling first.
    pub fn optional(self, columns: &'a [usize]) -> Self {
        Self { optional: columns, ..self }
    }

    /// Adds a row, one of whose cells may be coloured.
    pub fn row(&mut self, cells: Vec<String>, coloured: Option<Coloured>) {
        self.rows.push((cells, coloured));
    }

    /// The table, each line with its line end and no space before it.
    pub fn finish(self) -> String {
        let widths = self.widths();
        let cell = |cells: &[String], (column, width): &(usize, usize)| {
            cut(cells.get(*column).map_or("", String::as_str), *width)
        };
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(widths.iter().map(|place| cell(&self.header, place)));
        if !self.ui.is_coloured() {
            table.force_no_tty();
        }
        for (cells, coloured) in &self.rows {
            table.add_row(widths.iter().map(|place| {
                let shown = Cell::new(cell(cells, place));
                match coloured {
                    Some((at, colour)) if *at == place.0 => shown.fg(*colour),
                    _ => shown,
                }
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP as u16));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    /// Which columns are shown, and how wide each may be.
    fn widths(&self) -> Vec<(usize, usize)> {
        let last = self.header.len().saturating_sub(1);
        let needs = |column: usize| self.width_of(column) + GAP;
        let mut taken: usize = (0..last).filter(|column| !self.optional.contains(column)).map(needs).sum();
        let mut left_out = Vec::new();
        for &column in self.optional {
            if taken + needs(column) + self.width_of(last).min(WISHED) <= self.ui.width() {
                taken += needs(column);
            } else {
                left_out.push(column);
            }
        }
        let room = self.ui.width().saturating_sub(taken).max(NARROWEST);
        let too_wide = (taken + room).saturating_sub(self.ui.width());
        let width = |column: usize| match column {
            _ if column == last => room,
            // The first one names the row: cut, it still tells rows apart.
            0 => self.width_of(0).saturating_sub(too_wide).max(NARROWEST),
            _ => self.width_of(column),
        };
        (0..=last).filter(|column| !left_out.contains(column)).map(|column| (column, width(column))).collect()
    }

    fn width_of(&self, column: usize) -> usize {
        let texts = self.rows.iter().map(|(cells, _)| cells).chain([&self.header]);
        texts.filter_map(|cells| cells.get(column)).map(|text| width_on_screen(text)).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tasks as a table of so many columns.
    fn table(width: usize) -> String {
        let ui = Ui::plain(width);
        let mut table = Layout::new(&ui, &["TASK", "AGENT", "STATUS", "TIME", "MODEL", "TOKENS", "ANSWER"]);
        table = table.optional(&OPTIONAL);
        for (task, time) in [("funny", "11.3 s"), ("controversial", "1 min 10 s")] {
            let agent = format!("content_writer_{task}");
            let row = [task, &agent, "completed", time, "sim/standard", "1,161", "Say it quietly: the first day back."];
            table.row(row.map(str::to_owned).to_vec(), None);
        }
        table.finish()
    }

    #[test]
    fn a_narrow_table_does_without_what_tells_least() {
        let all = [120, 80, 60, 40].map(|width| format!("{width}:\n{}", table(width)));
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn columns_stand_below_each_other_whatever_the_script() {
        let ui = Ui::plain(60);
        let mut table = Layout::new(&ui, &["TASK", "STATUS", "ANSWER"]);
        for task in ["plain", "日本語", "می\u{200c}خواهم", "cafe\u{301}", "👩\u{200d}👩\u{200d}👧"] {
            table.row(vec![task.to_owned(), "completed".to_owned(), "日本語".repeat(20)], None);
        }
        let table = table.finish();
        for line in table.lines().skip(1) {
            let (before, _) = line.split_once("completed").expect("the status");
            assert_eq!(width_on_screen(before), 9, "{table}");
            assert!(width_on_screen(line) <= 60, "{table}");
        }
    }

    #[test]
    fn no_row_of_tasks_is_wider_than_the_terminal() {
        for width in 40..=140 {
            let table = table(width);
            assert!(table.lines().all(|line| width_on_screen(line) <= width), "{width}:\n{table}");
        }
    }
}
