//! Where in a value something is wrong.

/// Where a value stands, from the inside out. Most values fit, and then nobody needs the text of it.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Field(outer, name) => join(&outer.pointer(), name),
            Self::Item(outer, index) => format!("{}/{index}", outer.pointer()),
        }
    }
}

/// A JSON pointer, and one step further: a field of that name, with `~` and `/` escaped.
pub fn join(path: &str, step: &str) -> String {
    format!("{path}/{}", step.replace('~', "~0").replace('/', "~1"))
}
