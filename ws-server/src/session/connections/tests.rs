//! Tests of the registration of tasks.

use std::future::pending;

use tokio::sync::Semaphore;

use super::*;

#[tokio::test]
async fn the_task_that_serves_is_aborted_in_whichever_order_the_tasks_are_noted() {
    for serves_first in [true, false] {
        let connections = Connections::new();
        let permits = Arc::new(Semaphore::new(1));
        let place = connections.place(permits.try_acquire_owned().unwrap());
        let (inner, number) = (&place.inner, place.number);
        let opening = tokio::spawn(async {});
        let service = tokio::spawn(pending::<()>());
        if serves_first {
            inner.note_service(number, service.abort_handle());
        }
        inner.note_opening(number, opening.abort_handle());
        if !serves_first {
            inner.note_service(number, service.abort_handle());
        }
        connections.cut();
        assert!(service.await.unwrap_err().is_cancelled());
    }
}
