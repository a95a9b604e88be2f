//! The plan: a request whose every field has been checked, as a graph that has an order.

mod forecast;
mod graph;
mod names;
mod planned;
mod rules;
mod schema_check;
mod texts;
mod validate;

pub use forecast::forecast;
pub use names::check_name;
pub use planned::{
    DEFAULT_START_TIMEOUT_SECONDS, Foreseen, Handling, Judge, Plan, PlannedTask, Reference, Retries, Rules,
};
pub use rules::{check_prices, check_task_timeout, models, rules};
pub use schema_check::check_document;
pub use texts::{MAX_DESCRIPTION_BYTES, MAX_INPUT_BYTES, check_description, check_input, check_total};
pub use validate::{of_spec, plan};
