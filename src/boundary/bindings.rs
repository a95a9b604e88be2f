//! What wit-bindgen makes of `wit/`; nothing outside of `boundary` sees it.

#![allow(unsafe_code, missing_docs, reason = "generated code")]
#![allow(clippy::all, reason = "generated code")]

wit_bindgen::generate!({
    path: "wit",
    world: "parallel-agents",
    generate_all,
    // What imports are given is read where it stands.
    ownership: Borrowing { duplicate_if_necessary: false },
});

use super::exports::Component;
export!(Component);
