//! Whose turn it is: due times in a heap, and a queue for each host in which its streams wait.
//!
//! Pure: times come in, numbers of streams go out. A stream that sleeps costs a few numbers and no
//! task. Polls of one host wait in its own queue and hold no slot meanwhile, so a slow host delays
//! its own streams only; hosts take turns. A stream is in one place at a time, so that its polls
//! never overlap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::VecDeque;

use chrono::TimeDelta;

use crate::domain::Timestamp;

/// Where a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It waits for its time.
    Asleep,
    /// Its time has come; it waits in the queue of its host.
    Queued,
    /// It is being polled.
    Out,
}

/// One stream.
#[derive(Debug, Clone, Copy)]
struct Member {
    due: Timestamp,
    lane: u32,
    place: Place,
    /// Not woken by its due time.
    paused: bool,
    /// Polled next time although it is not due.
    asked: bool,
    /// Woken by its due time although it is paused: the poll that somebody asked for was put off.
    wanted: bool,
}

impl Member {
    /// Whether its due time wakes it.
    fn wakes(&self) -> bool {
        self.place == Place::Asleep && (!self.paused || self.wanted)
    }
}

/// The streams of one host.
#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<u32>,
    /// A request is on its way, or the gap after the last one is not over.
    taken: bool,
}

/// Who is polled when.
#[derive(Debug)]
pub(super) struct Rota {
    members: Vec<Member>,
    lanes: Vec<Lane>,
    /// May hold times that were put off since; those are passed over.
    asleep: BinaryHeap<Reverse<(Timestamp, u32)>>,
    /// Lanes that are free and have somebody waiting, in the order of their turns.
    ready: VecDeque<u32>,
    /// Lanes of which the gap runs, with its end.
    resting: BinaryHeap<Reverse<(Timestamp, u32)>>,
    gap: TimeDelta,
}

/// A turn: a stream and the time at which it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Number of the stream.
    pub(super) stream: usize,
    /// When it was due.
    pub(super) due: Timestamp,
}

impl Rota {
    /// Streams by their lanes, all asleep and with nothing to wake them. `gap` lies between the end
    /// of a request and the next one of its lane.
    pub(super) fn new(lanes: &[u32], gap: TimeDelta) -> Self {
        let (due, place) = (Timestamp::MAX_UTC, Place::Asleep);
        let member = |lane: &u32| Member { due, lane: *lane, place, paused: false, asked: false, wanted: false };
        let number = lanes.iter().max().map_or(0, |last| *last as usize + 1);
        Self {
            members: lanes.iter().map(member).collect(),
            lanes: std::iter::repeat_with(Lane::default).take(number).collect(),
            asleep: BinaryHeap::with_capacity(lanes.len()),
            ready: VecDeque::new(),
            resting: BinaryHeap::new(),
            gap: gap.max(TimeDelta::zero()),
        }
    }

    /// Lays a stream to sleep until `due`; also one whose poll has ended.
    pub(super) fn put(&mut self, stream: usize, due: Timestamp) {
        self.lay(stream, due, false);
    }

    /// The same for one whose poll was asked for and put off: it comes then, also where it is paused.
    pub(super) fn put_off(&mut self, stream: usize, due: Timestamp) {
        self.lay(stream, due, true);
    }

    fn lay(&mut self, stream: usize, due: Timestamp, wanted: bool) {
        let member = &mut self.members[stream];
        (member.due, member.wanted) = (due, wanted);
        if member.place == Place::Queued {
            return;
        }
        member.place = Place::Asleep;
        if member.asked {
            self.queue(stream);
        } else if member.wakes() {
            self.asleep.push(Reverse((due, stream as u32)));
        }
    }

    /// Who is to be polled next, if anybody is. The host is taken until [`Rota::leave`], the stream
    /// until it is [`Rota::put`] back.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Turn> {
        self.wake(now);
        while let Some(number) = self.ready.pop_front() {
            let lane = &mut self.lanes[number as usize];
            let Some(stream) = lane.queue.pop_front() else { continue };
            let member = &mut self.members[stream as usize];
            if member.paused && !member.asked && !member.wanted {
                // Paused while it waited.
                member.place = Place::Asleep;
                if !lane.queue.is_empty() {
                    self.ready.push_front(number);
                }
                continue;
            }
            lane.taken = true;
            member.place = Place::Out;
            (member.asked, member.wanted) = (false, false);
            return Some(Turn { stream: stream as usize, due: member.due });
        }
        None
    }

    /// The poll of a stream asks its host nothing more.
    pub(super) fn leave(&mut self, stream: usize, now: Timestamp) {
        let number = self.members[stream].lane;
        if self.gap.is_zero() {
            self.free(number);
        } else {
            self.resting.push(Reverse((now + self.gap, number)));
        }
    }

    /// When somebody's time comes next.
    pub(super) fn next_due(&mut self) -> Option<Timestamp> {
        while let Some(Reverse((due, stream))) = self.asleep.peek().copied() {
            if self.is_asleep_until(stream, due) {
                break;
            }
            self.asleep.pop();
        }
        let asleep = self.asleep.peek().map(|Reverse((due, _))| *due);
        let resting = self.resting.peek().map(|Reverse((end, _))| *end);
        asleep.into_iter().chain(resting).min()
    }

    /// When the earliest of those that wait in queues was due: how late the polls are.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.members.iter().filter(|member| member.place == Place::Queued).count()
    }

    /// Leaves a stream alone until it is resumed. A poll under way goes on.
    pub(super) fn pause(&mut self, stream: usize) {
        self.members[stream].paused = true;
    }

    /// A stream goes on at its times.
    pub(super) fn resume(&mut self, stream: usize) {
        let member = &mut self.members[stream];
        if std::mem::take(&mut member.paused) && member.place == Place::Asleep {
            self.asleep.push(Reverse((member.due, stream as u32)));
        }
    }

    /// Polls a stream at once, once, also while it is paused. One that is being polled is not asked
    /// again: that poll is the answer.
    pub(super) fn ask(&mut self, stream: usize) {
        let member = &mut self.members[stream];
        match member.place {
            Place::Asleep => {
                member.asked = true;
                self.queue(stream);
            }
            Place::Queued => member.asked = true,
            Place::Out => {}
        }
    }

    /// The same, and once more where a poll is under way that began before somebody asked.
    pub(super) fn ask_again(&mut self, stream: usize) {
        self.ask(stream);
        self.members[stream].asked = true;
    }

    /// Polls a stream now, if it would be polled some time: not one that is paused.
    pub(super) fn hurry(&mut self, stream: usize, now: Timestamp) {
        let member = &mut self.members[stream];
        if member.wakes() && member.due > now {
            member.due = now;
            self.asleep.push(Reverse((now, stream as u32)));
        }
    }

    /// Moves every time by the same: the clock was set.
    pub(super) fn shift(&mut self, by: TimeDelta) {
        for member in &mut self.members {
            member.due = member.due.checked_add_signed(by).unwrap_or(Timestamp::MAX_UTC);
        }
        let resting = std::mem::take(&mut self.resting);
        self.resting = resting.into_iter().map(|Reverse((end, lane))| Reverse((end + by, lane))).collect();
        self.gather();
    }

    /// The streams that sleep and whose time is over.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<usize> {
        let is_overdue = |member: &Member| member.wakes() && member.due <= now;
        self.members.iter().enumerate().filter(|(_, member)| is_overdue(member)).map(|(stream, _)| stream).collect()
    }

    /// The time at which a stream is or was due.
    pub(super) fn due(&self, stream: usize) -> Timestamp {
        self.members[stream].due
    }

    fn wake(&mut self, now: Timestamp) {
        while let Some(Reverse((end, lane))) = self.resting.peek().copied()
            && end <= now
        {
            self.resting.pop();
            self.free(lane);
        }
        while let Some(Reverse((due, stream))) = self.asleep.peek().copied()
            && due <= now
        {
            self.asleep.pop();
            if self.is_asleep_until(stream, due) {
                self.queue(stream as usize);
            }
        }
    }

    fn is_asleep_until(&self, stream: u32, due: Timestamp) -> bool {
        let member = &self.members[stream as usize];
        member.wakes() && member.due == due
    }

    fn queue(&mut self, stream: usize) {
        let member = &mut self.members[stream];
        member.place = Place::Queued;
        let lane = &mut self.lanes[member.lane as usize];
        let first = lane.queue.is_empty();
        lane.queue.push_back(stream as u32);
        if first && !lane.taken {
            self.ready.push_back(member.lane);
        }
    }

    fn free(&mut self, number: u32) {
        let lane = &mut self.lanes[number as usize];
        lane.taken = false;
        if !lane.queue.is_empty() {
            self.ready.push_back(number);
        }
    }

    /// Makes the heap anew.
    fn gather(&mut self) {
        let asleep = self.members.iter().enumerate().filter(|(_, member)| member.wakes());
        self.asleep = asleep.map(|(stream, member)| Reverse((member.due, stream as u32))).collect();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn rota(lanes: &[u32], gap: i64) -> Rota {
        let mut rota = Rota::new(lanes, TimeDelta::seconds(gap));
        (0..lanes.len()).for_each(|stream| rota.put(stream, at(stream as i64)));
        rota
    }

    fn turns(rota: &mut Rota, now: i64) -> Vec<usize> {
        std::iter::from_fn(|| rota.next(at(now)).map(|turn| turn.stream)).collect()
    }

    #[test]
    fn a_slow_host_delays_its_own_streams_only() {
        let mut rota = rota(&[0, 0, 0, 1, 2], 0);
        assert_eq!(turns(&mut rota, 10), [0, 3, 4], "one of each host");
        rota.leave(3, at(11));
        rota.put(3, at(12));
        assert_eq!(turns(&mut rota, 12), [3], "the slow host holds nobody else up");
        rota.leave(0, at(40));
        assert_eq!(turns(&mut rota, 40), [1]);
        assert_eq!(rota.waiting(), 1);
    }

    #[test]
    fn hosts_take_turns_however_many_streams_each_has() {
        let mut rota = rota(&[0, 0, 0, 0, 1, 1], 0);
        let mut order = Vec::new();
        while let Some(turn) = rota.next(at(10)) {
            order.push(turn.stream);
            rota.leave(turn.stream, at(10));
        }
        assert_eq!(order, [0, 4, 1, 5, 2, 3]);
    }

    #[test]
    fn the_gap_is_waited_for_outside_and_the_rota_says_how_long() {
        let mut rota = rota(&[0, 0], 5);
        assert_eq!(turns(&mut rota, 1), [0]);
        rota.leave(0, at(2));
        rota.put(0, at(100));
        assert_eq!(turns(&mut rota, 6), [] as [usize; 0]);
        assert_eq!(rota.next_due(), Some(at(7)));
        assert_eq!(turns(&mut rota, 7), [1]);
    }

    #[test]
    fn a_stream_that_is_out_is_never_given_out_again() {
        let mut rota = rota(&[0], 0);
        assert_eq!(turns(&mut rota, 0), [0]);
        rota.leave(0, at(0));
        rota.ask(0);
        assert_eq!(turns(&mut rota, 9), [] as [usize; 0]);
        rota.put(0, at(20));
        assert_eq!(rota.next_due(), Some(at(20)), "the poll under way was the answer");
    }

    #[test]
    fn a_paused_stream_is_polled_only_when_somebody_asks() {
        let mut rota = rota(&[0, 1], 0);
        rota.pause(0);
        assert_eq!(turns(&mut rota, 9), [1]);
        rota.ask(0);
        assert_eq!(turns(&mut rota, 9), [0]);
        rota.leave(0, at(9));
        rota.put(0, at(10));
        assert_eq!(turns(&mut rota, 50), [] as [usize; 0]);
        rota.resume(0);
        assert_eq!(turns(&mut rota, 50), [0], "it was due long ago");
    }

    #[test]
    fn a_poll_that_was_asked_for_and_put_off_is_made_once_also_of_a_paused_stream() {
        let mut rota = rota(&[0], 0);
        rota.pause(0);
        rota.ask(0);
        assert_eq!(turns(&mut rota, 1), [0]);
        rota.leave(0, at(1));
        rota.put_off(0, at(60));
        assert_eq!((rota.next_due(), turns(&mut rota, 59)), (Some(at(60)), vec![]));
        assert_eq!(turns(&mut rota, 60), [0]);
        rota.leave(0, at(60));
        rota.put(0, at(70));
        assert_eq!(turns(&mut rota, 80), [] as [usize; 0]);
    }

    #[test]
    fn what_is_paused_while_it_waits_in_a_queue_keeps_nobody_from_their_turn() {
        let mut rota = rota(&[0, 0, 0], 0);
        assert_eq!(rota.next(at(9)).unwrap().stream, 0);
        rota.pause(1);
        rota.leave(0, at(9));
        assert_eq!(turns(&mut rota, 9), [2]);
        rota.resume(1);
        rota.leave(2, at(9));
        assert_eq!(turns(&mut rota, 9), [1]);
    }

    #[test]
    fn a_clock_that_is_set_right_does_not_stop_the_polls() {
        let mut rota = Rota::new(&[0, 1], TimeDelta::zero());
        rota.put(0, at(365 * 86_400 + 600));
        rota.put(1, at(365 * 86_400 + 2_400));
        rota.shift(TimeDelta::days(-365));
        assert_eq!((rota.next_due(), rota.due(1)), (Some(at(600)), at(2_400)));
    }

    proptest! {
        /// Whatever is asked, paused and polled in whatever order: nobody is out twice, no host is
        /// asked twice at once, and in the end everybody who may be polled was.
        #[test]
        fn nobody_is_out_twice_and_nobody_is_forgotten(
            lanes in prop::collection::vec(0_u32..5, 1..30), gap in 0_i64..3, acts in prop::collection::vec((0_u8..5, 0_usize..30), 0..200),
        ) {
            let mut rota = rota(&lanes, gap);
            let (mut out, mut polled, mut now) = (Vec::<usize>::new(), vec![0; lanes.len()], 0);
            for (act, stream) in acts.into_iter().map(|(act, stream)| (act, stream % lanes.len())) {
                match act {
                    0 => rota.pause(stream),
                    1 => rota.resume(stream),
                    2 => rota.ask(stream),
                    3 if !out.is_empty() => {
                        let stream = out.remove(stream % out.len());
                        rota.leave(stream, at(now));
                        rota.put(stream, at(now + 7));
                    }
                    _ => now += 2,
                }
                while let Some(turn) = rota.next(at(now)) {
                    prop_assert!(!out.contains(&turn.stream));
                    prop_assert!(!out.iter().any(|other| lanes[*other] == lanes[turn.stream]));
                    out.push(turn.stream);
                    polled[turn.stream] += 1;
                }
            }
            (0..lanes.len()).for_each(|stream| rota.resume(stream));
            for _ in 0..200 {
                for stream in std::mem::take(&mut out) {
                    rota.leave(stream, at(now));
                    rota.put(stream, at(now + 7));
                }
                now += 4;
                while let Some(turn) = rota.next(at(now)) {
                    out.push(turn.stream);
                    polled[turn.stream] += 1;
                }
            }
            prop_assert!(polled.iter().all(|times| *times > 0), "{polled:?}");
        }
    }
}
