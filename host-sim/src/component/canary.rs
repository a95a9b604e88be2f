//! A deliberate defect of the host: it calls an instance again.

use std::mem;
use std::sync::{Mutex, PoisonError};

use wasmtime::Store;

use super::guest::GuestState;
use super::{ComponentHost, Guest, closed};
use gateway_sim::backend::Backend;
use gateway_sim::call::Called;

/// The instance of the call before.
pub(super) type Kept = Mutex<Option<(Store<GuestState>, Guest)>>;

impl ComponentHost {
    /// One call on the instance of the one before.
    pub(super) async fn enter_again<R, O: Backend>(
        &self,
        state: GuestState,
        call: impl AsyncFnOnce(&mut Store<GuestState>, &Guest) -> wasmtime::Result<R>,
    ) -> Called<R, O> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (mut store, guest) = match kept {
            Some((mut store, guest)) => {
                *store.data_mut() = state;
                // Fails only if the engine does not meter fuel, which `loading` switches on.
                let _ = store.set_fuel(self.limits.fuel);
                (store, Ok(guest))
            }
            None => {
                let mut store = self.store(state);
                let guest = self.instance(&mut store).await;
                (store, guest)
            }
        };
        let (result, guest) = match guest {
            Ok(guest) => (call(&mut store, &guest).await, Some(guest)),
            Err(error) => (Err(error), None),
        };
        let result = result.map_err(|error| self.broke_off(&error));
        let fuel_used = self.fuel_used(&store);
        let outside = mem::replace(store.data_mut(), self.idle_state()).outside;
        if let Some(guest) = guest {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((store, guest));
        }
        closed(result, fuel_used, outside)
    }
}
