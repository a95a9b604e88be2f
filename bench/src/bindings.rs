//! What wasmtime makes of `wit/`, for a host that speaks it without the simulator in between.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "parallel-agents",
    imports: {
        "parallel-agents:skill/events.next-event": async | store | trappable,
    },
    exports: { default: async },
});
