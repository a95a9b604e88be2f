//! Tables: columns without lines, as wide as what stands in them.

use comfy_table::{Cell, Color, Table, presets};
use parallel_agents::task::TaskStatus;

use crate::report::{Report, TaskReport};
use crate::text::{cut, duration, shown, thousands};
use crate::ui::Ui;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// No answer is shown in fewer columns, however narrow the terminal.
const MIN_ANSWER: usize = 24;

/// The tasks of a run, one line each.
pub fn tasks(ui: &Ui, report: &Report) -> String {
    let header = ["TASK", "AGENT", "STATUS", "TIME", "MODEL", "TOKENS", "ANSWER"];
    let gists: Vec<String> = report.results.iter().map(|task| shown(&task.gist())).collect();
    let rows: Vec<Vec<String>> = report.results.iter().map(columns).collect();
    let mut table = Layout::new(ui, &header);
    for ((row, gist), task) in rows.into_iter().zip(gists).zip(&report.results) {
        table.row(row.into_iter().chain([gist]).collect(), Some((2, colour(task.status))));
    }
    table.finish()
}

fn columns(task: &TaskReport) -> Vec<String> {
    let tokens = task.metadata.usage.map(|usage| thousands(usage.total()));
    let unknown = || "-".to_owned();
    vec![
        shown(&task.task_id),
        shown(&task.agent_type),
        task.status.name().to_owned(),
        if task.metadata.attempts == 0 { unknown() } else { duration(task.execution_time) },
        task.metadata.model_applied.as_deref().map_or_else(unknown, shown),
        tokens.unwrap_or_else(unknown),
    ]
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
}

impl<'a> Layout<'a> {
    /// A table without rows.
    pub fn new(ui: &'a Ui, header: &[&str]) -> Self {
        Self { ui, header: header.iter().map(|&name| name.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row, one of whose cells may be coloured.
    pub fn row(&mut self, cells: Vec<String>, coloured: Option<Coloured>) {
        self.rows.push((cells, coloured));
    }

    /// The table, each line with its line end and no space before it.
    pub fn finish(self) -> String {
        let last = self.header.len().saturating_sub(1);
        let taken: usize = (0..last).map(|column| self.width_of(column) + GAP).sum();
        let room = self.ui.width().saturating_sub(taken).max(MIN_ANSWER);
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(self.header.clone());
        if !self.ui.is_coloured() {
            table.force_no_tty();
        }
        for (cells, coloured) in self.rows {
            table.add_row(cells.into_iter().enumerate().map(|(column, text)| {
                let cell = Cell::new(if column == last { cut(&text, room) } else { text });
                match coloured {
                    Some((at, colour)) if at == column => cell.fg(colour),
                    _ => cell,
                }
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP as u16));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }

    fn width_of(&self, column: usize) -> usize {
        let texts = self.rows.iter().map(|(cells, _)| cells).chain([&self.header]);
        texts.filter_map(|cells| cells.get(column)).map(|text| text.chars().count()).max().unwrap_or_default()
    }
}
