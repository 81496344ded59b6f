//! The last clients: they stay connected while the servers shut down, and each must get a Close.

use std::process::Command;

use tokio::task::JoinSet;

use crate::draft::Draft;
use crate::life::World;
use crate::opening::{Pace, open};
use crate::process::Process;
use crate::random::Random;
use crate::session::{Ending, Session, Target};

/// Clients of each server; `tests/soak/run` checks their logs for this number.
const STAYING: u64 = 200;

/// Opens connections to both servers, which must have no others, and ends the servers.
pub(crate) async fn stand_until_the_end(
    world: &World,
    processes: &[Process],
) -> Result<(), String> {
    let staying = gather(world).await;
    // Whatever the clients' outcome.
    for process in processes.iter().filter(|process| process.name != "service") {
        let id = process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status();
        if !told.is_ok_and(|status| status.success()) {
            return Err(format!("{} has exited", process.name));
        }
    }
    let mut endings = JoinSet::new();
    for mut session in staying? {
        endings.spawn(async move {
            let status = (!session.draft.is_hixie()).then_some(1001);
            session.expect(Ending::Close(status)).await
        });
    }
    while let Some(ended) = endings.join_next().await {
        ended.map_err(|error| error.to_string())??;
    }
    Ok(())
}

async fn gather(world: &World) -> Result<Vec<Session>, String> {
    let mut staying = Vec::new();
    for target in [Target::Echo, Target::Gateway] {
        for n in 0..STAYING {
            staying.push(stay(world, target, n).await?);
        }
    }
    Ok(staying)
}

async fn stay(world: &World, target: Target, n: u64) -> Result<Session, String> {
    let mut random = Random::of(&[world.seed, u64::MAX, n]);
    let socket = world.connect(target, random.one_in(4)).await?;
    let draft = Draft::any(&mut random);
    let mut session = open(socket, draft, target, Pace::AtOnce, n, random).await?;
    session.put(1000)?;
    session.settle().await?;
    Ok(session)
}
