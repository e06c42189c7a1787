//! Reading a pump: in words for people, as JSON for programs.

use link::words::{self, Clocks};
use orders::Prescription;
use serde_json::{Value, json};
use sim::story::text;
use telemetry::message::answer::{Alarms, Battery, Device, Status};

use super::{Done, Ended, With};

/// Everything that was read.
struct Read {
    status: Status,
    device: Device,
    order: Option<Prescription>,
    ledger: orders::Ledger,
    alarms: Alarms,
    battery: Battery,
}

/// Reads the whole pump.
pub fn interrogate(as_json: bool, with: &With) -> Done {
    let keys = with.keys()?;
    let mut visit = with.visit(&keys)?;
    let read = Read {
        device: visit.device()?,
        status: visit.status()?,
        order: visit.running()?,
        ledger: visit.ledger()?,
        alarms: visit.alarms()?,
        battery: visit.battery()?,
    };
    if as_json {
        let told = serde_json::to_string_pretty(&read.json());
        println!("{}", told?);
    } else {
        read.tell();
    }
    Ok(Ended::Done)
}

/// The active alarms.
pub fn alarms(with: &With) -> Done {
    let keys = with.keys()?;
    let mut visit = with.visit(&keys)?;
    let clocks = Clocks::from(&visit.status()?);
    let alarms = visit.alarms()?;
    if alarms.active.is_empty() {
        println!("no alarm");
    }
    tell_alarms(&alarms, clocks);
    Ok(Ended::Done)
}

fn tell_alarms(alarms: &Alarms, clocks: Clocks) {
    for active in &alarms.active {
        let silenced = active.silenced_until.map(|until| format!(", silenced until {}", clocks.show(until)));
        println!(
            "alarm: {}, since {}{}",
            active.alarm.words(),
            clocks.show(active.since),
            silenced.unwrap_or_default()
        );
    }
}

impl Read {
    fn tell(&self) {
        let (status, clocks) = (&self.status, Clocks::from(&self.status));
        let model = String::from_utf8_lossy(&self.device.model).trim_end_matches('\0').to_owned();
        println!("pump {} ({model}), {}", self.device.serial, words::doing(status.doing));
        println!("  clock         {}", status.wall.map_or_else(|| "not set".into(), |wall| wall.to_string()));
        println!("  order         {} at {}", status.order, status.flow);
        if let Some(part) = self.order.as_ref().and_then(|order| order.mixture.primary()) {
            println!("  basal now     {} of {}", status.flow.mass_rate(part.concentration), part.drug.name());
        }
        if let Some(extra) = &status.extra {
            println!("  being given   {}: {} of {}", words::extra(extra.what), extra.delivered, extra.ordered);
        }
        println!("  boluses       {} begun in the last 24 h", status.boluses);
        if let Some(until) = status.bolus_not_before {
            println!("  next bolus    not before {}", clocks.show(until));
        }
        println!("  reservoir     {} (at worst {})", status.reservoir, status.reservoir_worst);
        if let Some(by) = status.refill_by {
            println!("  refill by     {}", clocks.show(by));
        }
        for (place, slug) in self.ledger.slugs.iter().enumerate() {
            let volume = orders::Volume::new(u64::from(slug.volume_nl));
            let (head, doubt) = (if place == 0 { "  fluid         " } else { "                " }, slug.doubt);
            println!("{head}{volume} of {}{}", text::mixture(&slug.mixture), if doubt { ", in doubt" } else { "" });
        }
        println!("  battery       {} mV under load", self.battery.loaded_mv);
        match self.alarms.active.is_empty() {
            true => println!("  no alarm"),
            false => tell_alarms(&self.alarms, clocks),
        }
    }

    /// Times in ms on the pump's clock, volumes in nL, flows in nL/day.
    fn json(&self) -> Value {
        let status = &self.status;
        let mut ledger = String::new();
        // Writing to a string cannot fail, and what the writer writes is JSON.
        let _ = self.ledger.write_json(&mut ledger);
        let alarms: Vec<Value> = self
            .alarms
            .active
            .iter()
            .map(|active| {
                json!({
                    "alarm": active.alarm.words(),
                    "code": active.alarm.code(),
                    "since_ms": active.since.get(),
                    "silenced_until_ms": active.silenced_until.map(orders::Instant::get),
                })
            })
            .collect();
        json!({
            "interrogation": 1,
            "serial": self.device.serial,
            "model": String::from_utf8_lossy(&self.device.model).trim_end_matches('\0'),
            "software": self.device.software,
            "now_ms": status.now.get(),
            "wall_ms": status.wall.map(orders::WallTime::get),
            "doing": words::doing(status.doing),
            "level": status.level,
            "order": status.order,
            "flow_nl_per_day": status.flow.get(),
            "extra": status.extra.as_ref().map(|extra| json!({
                "what": words::extra(extra.what),
                "ordered_nl": extra.ordered.get(),
                "delivered_nl": extra.delivered.get(),
            })),
            "reservoir_nl": status.reservoir.get(),
            "reservoir_worst_nl": status.reservoir_worst.get(),
            "refill_by_ms": status.refill_by.map(orders::Instant::get),
            "boluses_24h": status.boluses,
            "bolus_not_before_ms": status.bolus_not_before.map(orders::Instant::get),
            "last_dose": status.last_dose,
            "journal_next": status.journal_next,
            "ledger": serde_json::from_str::<Value>(&ledger).unwrap_or(Value::Null),
            "alarms": alarms,
            "battery": {"loaded_mv": self.battery.loaded_mv, "used_mj": self.battery.used_mj,
                "capacity_mj": self.battery.capacity_mj},
        })
    }
}
