//! Everything that is true of a virtual pump, as JSON: for teachers, pages and tests. The pump itself cannot see it.
//!
//! Masses in fg, volumes in nL, concentrations in ng/mL, times in ms of true time.

use serde_json::{Map, Value, json};

use super::VirtualPump;
use super::body::Power;
use crate::plant::{DRUGS, Masses};

/// Version of this document.
pub const VERSION: u32 = 1;

impl VirtualPump {
    /// All of it.
    pub fn truth(&self) -> Value {
        let body = &self.body;
        let reservoir = body.plant.reservoir();
        let faults = body.plant.complications;
        let given: Vec<Value> = body
            .given
            .iter()
            .map(|given| {
                let place = format!("{:?}", given.place).to_lowercase();
                json!({"place": place, "volume_nl": given.volume_nl, "mass_fg": self.by_drug(given.mass_fg)})
            })
            .collect();
        let power = match body.power {
            Power::On => json!("on"),
            Power::Off { until, counter_kept } => json!({"off_until_ms": until, "counter_kept": counter_kept}),
        };
        json!({
            "truth": VERSION,
            "serial": self.made.serial.0,
            "model": self.made.device.model_name(),
            "true_ms": body.now,
            "speed": self.clock.speed(),
            "pace": self.clock.pace(),
            "oscillators_ms": [body.first.ticks(body.now), body.second.ticks(body.now)],
            "power": power,
            "presence": body.presence,
            "field": body.field_until.is_some(),
            "reservoir": {
                "volume_nl": reservoir.volume_nl,
                "concentration_ng_per_ml": self.by_drug(reservoir.concentrations),
            },
            "path": {
                "volume_nl": body.plant.path().volume_nl(),
                "mass_fg": self.by_drug(body.plant.path().masses()),
                "has_front": body.plant.path().has_front(),
            },
            "given": given,
            "strokes": body.strokes,
            "complications": {
                "tip": format!("{:?}", faults.tip).to_lowercase(),
                "is_disconnected": faults.is_disconnected,
                "leak": faults.leak,
                "patency": faults.patency,
                "granuloma": faults.granuloma,
                "is_flipped": faults.is_flipped,
            },
            "battery": {"left_ppm": body.plant.battery.left_ppm(), "open_mv": body.plant.battery.open_mv()},
            "pocket_centi_c": body.plant.pocket.centi_c(body.now),
        })
    }

    fn by_drug(&self, values: Masses) -> Value {
        let named = self.body.drugs.iter().zip(values).take(DRUGS);
        let map: Map<String, Value> = named.filter_map(|(name, value)| Some((name.clone()?, json!(value)))).collect();
        Value::Object(map)
    }
}
