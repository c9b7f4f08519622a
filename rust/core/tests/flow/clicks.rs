//! Pages whose pod has died, while users click. A page behaves like the real client. After 503 it reopens its
//! stream with growing pauses. It calls a hook only once; the user sees the failure unless the answer makes
//! the page reload. It reloads after 410.

use doors_routing::{Action, Cause, Options, Outcome, SECOND};

use crate::world::*;

const RATE: u32 = 50;
const PAGES: u64 = 1000;

struct Open {
    stream_at: u64,
    pause: u64,
    click_at: u64,
}

impl Open {
    /// Clicks are one to three seconds apart.
    fn next_click(now: u64, random: u64) -> u64 {
        now + SECOND + random % (2 * SECOND)
    }

    /// The client's pause before the next stream: 200 ms, growing by a quarter up to 12 s, plus or minus a
    /// fifth.
    fn next_stream(&mut self, now: u64, random: u64) {
        self.stream_at = now + self.pause * (80 + random % 41) / 100;
        self.pause = (self.pause * 5 / 4).min(12 * SECOND);
    }
}

/// Makes a request of a page. If it dials, the connection is refused.
fn ask(world: &mut World, path: &str, hook: bool) -> Action {
    let incoming = if hook { post(path) } else { page(path, "") };
    let (mut request, mut action) = world.begin(&incoming);
    if let Action::Dial { .. } = action {
        action = world.failed(&mut request, Outcome::Refused);
    }
    world.ended(request);
    action
}

/// All pages reload, streams at `gone_rate` and clicking users at once. No click fails.
#[test]
fn a_click_is_never_held_back() {
    let dead = token(pod(0, 9));
    for (token, cause) in [(&*dead, Cause::PodGone), (&*"A".repeat(43), Cause::TokenRefused)] {
        let (stream, hook) = (format!("/~/{token}/s/1?t=2&b=0"), format!("/~/{token}/h/1/1?t=1"));
        let mut world = World::new(1, Options { gone_rate: RATE, ..Options::default() });
        world.dns("app0", &[pod(0, 1)]);
        world.know_all();
        world.tell(pod(0, 1), Outcome::Connected);
        let began = world.now;
        let mut pages: Vec<Open> = (0..PAGES)
            .map(|_| Open { stream_at: began, pause: 200 * MS, click_at: Open::next_click(began, world.random()) })
            .collect();
        let (mut streams, mut clicks, mut waited) = (0u64, 0u64, 0u64);
        while !pages.is_empty() {
            let now = world.now;
            assert!(now < began + 60 * SECOND, "{cause:?}: {} pages wait", pages.len());
            pages.retain_mut(|open| {
                let mut reloads = false;
                if now >= open.stream_at {
                    match ask(&mut world, &stream, false) {
                        told if told == gone(cause) => (reloads, streams) = (true, streams + 1),
                        told => {
                            assert_eq!(told, unavailable(cause, false));
                            waited += 1;
                            open.next_stream(now, world.random());
                        }
                    }
                }
                if !reloads && now >= open.click_at {
                    assert_eq!(ask(&mut world, &hook, true), gone(cause), "a click failed");
                    (reloads, clicks) = (true, clicks + 1);
                }
                !reloads
            });
            let most = u64::from(RATE) + u64::from(RATE) * (now - began) / SECOND;
            assert!(streams <= most, "{cause:?}: {streams} streams after {} ms", (now - began) / MS);
            world.pass(10 * MS);
        }
        assert!(waited > PAGES && clicks > 5 * u64::from(RATE), "{cause:?}: {waited} waited, {clicks} clicked");
        assert!(world.now < began + 4 * SECOND, "{cause:?}: a click waited");
    }
}
