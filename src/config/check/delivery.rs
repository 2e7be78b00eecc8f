//! `[delivery]`

use chrono::TimeDelta;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Delivery;
use crate::config::shape::top::Top;
use crate::incident::step::Remind;

/// What is critical is told again after this part of the time.
const CRITICAL: i32 = 6;

/// How notices are sent.
pub fn delivery(top: &Top, reader: &mut Reader<'_>) -> Delivery {
    let delivery = &top.delivery;
    if delivery.retry.value.0.is_empty() {
        let at = delivery.retry.at.clone().unwrap_or_default();
        reader.report(
            Problem::error(Code::OutOfRange, at, "`retry` is empty")
                .label("never tried again")
                .help("name one wait at least, or take the line out"),
        );
    }
    let gather = delivery.gather.value.0;
    let every = delivery.remind_every.value.0;
    Delivery {
        retry: delivery.retry.value.iter().map(|wait| wait.value.0).collect(),
        deadline: delivery.deadline.value.0,
        throttled: delivery.throttled.value.0,
        gather: (gather > TimeDelta::zero()).then_some(gather),
        give_up: delivery.give_up.value.0,
        remind: Remind {
            every,
            critical: every / CRITICAL,
            at_most: delivery.remind_at_most.value.0 as u32,
            acked: delivery.remind_acked.value,
        },
        confirm: delivery.confirm.value.0 as u32,
    }
}
