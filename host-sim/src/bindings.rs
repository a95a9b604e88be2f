//! The one place where WIT becomes Rust on this side of the boundary.
//!
//! Only `convert` and `component` may use what is generated here.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "parallel-agents",
    imports: {
        // A guest that waits for nothing, or calls without end, is told so by a trap.
        default: trappable,
        "parallel-agents:skill/events.next-event": async | store | trappable,
    },
    exports: { default: async },
});
