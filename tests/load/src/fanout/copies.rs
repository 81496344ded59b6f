//! Counts the copies of each message: whether all were received, in order, and once each.

use std::time::Instant;

use crate::histogram::Histogram;

use super::subscriber::Subscriber;

#[derive(Debug)]
pub(super) struct Copies {
    /// Whether messages are compared, and identified by their number.
    pub(super) verify: bool,
    /// Connections whose copies are awaited.
    readers: usize,
    /// Messages in the ring.
    messages: u64,
    /// Messages published before the current window, and with it.
    before: u64,
    pub(super) published: u64,
    publishing: Instant,
    /// Copies of each message of the window, and how many messages have all of them.
    copies: Vec<usize>,
    complete: usize,
    /// From publishing a message to its last copy.
    pub(super) histogram: Histogram,
    pub(super) deliveries: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) reordered: u64,
    pub(super) corrupt: u64,
}

impl Copies {
    pub(super) fn new(readers: usize, depth: usize, messages: usize, verify: bool) -> Copies {
        Copies {
            verify,
            readers,
            messages: messages as u64,
            before: 0,
            published: 0,
            publishing: Instant::now(),
            copies: vec![0; depth],
            complete: 0,
            histogram: Histogram::new(),
            deliveries: 0,
            lost: 0,
            duplicated: 0,
            reordered: 0,
            corrupt: 0,
        }
    }

    /// A window begins.
    pub(super) fn publish(&mut self) {
        self.before = self.published;
        self.published += self.copies.len() as u64;
        self.copies.fill(0);
        self.complete = 0;
        self.publishing = Instant::now();
    }

    /// Whether all copies of the window have been received.
    pub(super) fn complete(&self) -> bool {
        self.complete == self.copies.len()
    }

    /// The interval begins.
    pub(super) fn reset(&mut self) {
        self.deliveries = 0;
        self.histogram = Histogram::new();
    }

    /// A message has been received completely.
    #[inline]
    pub(super) fn arrived(&mut self, subscriber: &mut Subscriber) {
        let number = match self.number(subscriber) {
            Some(number) => number,
            None => return self.corrupt += 1,
        };
        if number == subscriber.next && number < self.published {
            subscriber.next += 1;
        } else if number > subscriber.next {
            self.lost += number - subscriber.next;
            subscriber.missing.extend(subscriber.next..number);
            subscriber.next = number + 1;
        } else if let Some(at) = subscriber.missing.iter().position(|missing| *missing == number) {
            subscriber.missing.swap_remove(at);
            self.lost -= 1;
            self.reordered += 1;
        } else {
            return self.duplicated += 1;
        }
        self.deliveries += 1;
        // A copy of an abandoned window does not belong to this one.
        let Some(at) = number.checked_sub(self.before) else { return };
        let copies = &mut self.copies[at as usize];
        *copies += 1;
        if *copies == self.readers {
            self.complete += 1;
            self.histogram.add(self.publishing.elapsed().as_nanos() as u64, 1);
        }
    }

    /// Which message it was: the last published one with this place in the ring.
    fn number(&self, subscriber: &Subscriber) -> Option<u64> {
        if !self.verify {
            return Some(subscriber.next);
        }
        if subscriber.differs {
            return None;
        }
        let last = self.published - 1;
        let back =
            (last % self.messages + self.messages - subscriber.message as u64) % self.messages;
        last.checked_sub(back)
    }

    /// Copies that are missing now are lost. (With numbers, the next message shows which.)
    pub(super) fn give_up(&mut self, subscribers: &mut [Subscriber]) {
        if !self.verify {
            for subscriber in &mut subscribers[..self.readers] {
                self.lost += self.published - subscriber.next;
                subscriber.next = self.published;
            }
        }
    }

    /// The copies that are missing at the end.
    pub(super) fn lost_at_the_end(&mut self, subscribers: &[Subscriber]) {
        let readers = &subscribers[..self.readers];
        self.lost += readers.iter().map(|reader| self.published - reader.next).sum::<u64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrive(copies: &mut Copies, subscriber: &mut Subscriber, messages: &[usize]) {
        for message in messages {
            subscriber.message = *message;
            copies.arrived(subscriber);
        }
    }

    #[test]
    fn tells_what_is_lost_what_comes_twice_and_what_comes_late() {
        let mut copies = Copies::new(1, 4, 32, true);
        let mut subscriber = Subscriber::default();
        copies.publish();
        arrive(&mut copies, &mut subscriber, &[0, 2, 1, 1]);
        assert_eq!((copies.lost, copies.reordered, copies.duplicated), (0, 1, 1));
        assert!(!copies.complete());
        copies.publish();
        arrive(&mut copies, &mut subscriber, &[4, 5, 6]);
        copies.lost_at_the_end(&[subscriber]);
        assert_eq!((copies.lost, copies.deliveries), (2, 6));
    }

    #[test]
    fn a_window_is_complete_with_the_last_copy() {
        let mut copies = Copies::new(2, 2, 16, true);
        let mut subscribers = [Subscriber::default(), Subscriber::default()];
        copies.publish();
        arrive(&mut copies, &mut subscribers[0], &[0, 1]);
        assert!(!copies.complete());
        arrive(&mut copies, &mut subscribers[1], &[0, 1]);
        assert!(copies.complete());
    }
}
