//! One file for each command: its arguments, and what carries it out.

pub mod agents;
pub mod call;
pub mod compare;
pub mod cost_benchmark;
pub mod defects;
pub mod doctor;
pub mod explain;
pub mod explore;
pub mod help;
pub mod init;
pub mod map;
pub mod registry;
pub mod replay;
pub mod resume;
pub mod review;
pub mod run;
pub mod scenarios;
pub mod serve_model;
pub mod what_if;
