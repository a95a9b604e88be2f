//! Shows a file to whoever sits in front of this machine.

use std::env;
use std::path::Path;

use crate::text::shown;

/// Where Linux and its relatives say that there is a desktop. Without one, what opens files may take over the terminal.
const DESKTOPS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];

/// Opens a file with the program that the desktop has for it, and says what became of that in a line.
pub fn open(path: &Path) -> String {
    let place = shown(&path.to_string_lossy());
    if !is_there(|name| env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return format!("the page is {place}");
    }
    match open::that_detached(path) {
        Ok(()) => format!("the page is {place}, and is being opened"),
        Err(error) => format!("the page is {place}; it cannot be opened: {error}"),
    }
}

fn is_there(is_set: impl Fn(&str) -> bool) -> bool {
    cfg!(any(windows, target_os = "macos")) || DESKTOPS.into_iter().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn nothing_is_opened_where_no_desktop_is() {
        assert!(!is_there(|_| false));
        assert!(is_there(|name| name == "DISPLAY") && is_there(|name| name == "WAYLAND_DISPLAY"));
    }
}
