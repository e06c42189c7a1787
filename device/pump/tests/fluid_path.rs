//! Stories of the fluid path: what leaves the tip when, and what people declare.

use orders::ledger::SLUGS_MAX;
use orders::{Concentration, DeviceProfile, Drug, FlowRate, Ledger, Mass, Mixture, Permille, Reason, Volume};
use proptest::prelude::*;
use pump::declared::StrokeCount;
use pump::fluid_path::FluidPath;
use pump::reservoir::Refill;

const DEVICE: DeviceProfile = DeviceProfile::REFERENCE_20;
/// 90 cm of catheter: 0.199 + 90 × 0.0022 = 0.397 mL from reservoir to tip.
const CATHETER: Volume = Volume::new(198_000);
const BASAL: FlowRate = FlowRate::new(200_000);
const STROKE: Volume = Volume::new(500);
const THRESHOLD: Permille = Permille::new(50);
const MORPHINE: [Option<Drug>; 4] = [Some(Drug::Morphine), None, None, None];

fn morphine(mg_per_ml: u32) -> Mixture {
    Mixture::single(Drug::Morphine, Concentration::new(mg_per_ml * 1_000_000))
}

fn fill(mixture: Mixture, filled: u64, drawn_off: u64) -> Refill {
    let (filled, drawn_off) = (Volume::new(filled), Volume::new(drawn_off));
    Refill { drawn_off, emptied: true, filled, vial_sum: filled, mixture, reason: None }
}

/// A pump that was installed, washed with its first drug and has run until it lies at the tip.
fn running(mixture: Mixture) -> FluidPath {
    let mut path = FluidPath::new(DEVICE, CATHETER);
    path.installation(CATHETER, &Mixture::DRUG_FREE).unwrap();
    for _ in 0..30 {
        path.rinse(Volume::new(18_000_000), &mixture, Volume::new(18_000_000)).unwrap();
    }
    path.refill(&fill(mixture, 18_600_000, 0)).unwrap();
    path.stroke(Volume::new(900_000), true, BASAL);
    assert_eq!(path.ledger().slugs.len(), 2, "{:?}", path.ledger());
    path.aspirate_reservoir(path.reservoir_volume().checked_sub(DEVICE.residual).unwrap()).unwrap();
    path
}

/// What the next stroke is charged, as a concentration in ng/mL.
fn at_tip(path: &FluidPath) -> u64 {
    path.charge_at_tip(STROKE, &MORPHINE)[0].get() / STROKE.get()
}

fn total(path: &FluidPath) -> u64 {
    path.ledger().total().get()
}

#[test]
fn a_new_pump_holds_no_drug_and_is_in_doubt_until_catheter_and_fill_are_declared() {
    let mut path = FluidPath::new(DEVICE, CATHETER);
    assert!(path.in_doubt());
    assert_eq!(path.charge_at_tip(STROKE, &MORPHINE), [Mass::ZERO; 4]);
    path.refill(&fill(morphine(20), 18_600_000, 0)).unwrap();
    assert!(path.in_doubt(), "a path nobody has declared may hold anything");
    // 1.4 mL of water under 18.6 mL of 20 mg/mL: 18.6 mg/mL in the reservoir, charged already at the tip.
    assert_eq!(at_tip(&path), 18_600_000);
    path.installation(CATHETER, &Mixture::DRUG_FREE).unwrap();
    // Drug was entered before, so what was doubted in the tubing stays in doubt until it has gone.
    assert!(path.in_doubt());
}

//= requirements/ledger.md#declared-events
//= type=test
//# After a refill the ledger MUST hold the new drug mixed with the volume that was left.
#[test]
fn a_refill_mixes_with_what_could_not_be_drawn_off() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(10), 18_600_000, 0)).unwrap();
    // (1.4 × 20 + 18.6 × 10) / 20 = 10.7 mg/mL, not 10.
    assert_eq!(path.reservoir_mixture(), Mixture::single(Drug::Morphine, Concentration::new(10_700_000)));
    assert_eq!(path.reservoir_volume(), Volume::new(20_000_000));
    assert_eq!(at_tip(&path), 20_000_000, "the tip still gives the old drug");
    assert!(path.front_in_path(THRESHOLD));
}

//= requirements/ceilings.md#charge-at-the-tip
//= type=test
//# The pump MUST charge every stroke to each drug's ceilings with the highest concentration inside the front band at the catheter tip.
#[test]
fn a_stronger_drug_is_charged_from_its_leading_edge_and_a_weaker_one_only_after_its_trailing_edge() {
    // Band at basal: 8 % of 397 µL = 31.76 µL. Leading edge at 365.24, trailing edge at 428.76 µL.
    let charged_from_then = |path: &mut FluidPath| {
        let before = at_tip(path);
        let strokes = (0..2000).take_while(|_| {
            let same = at_tip(path) == before;
            if same {
                path.stroke(STROKE, true, BASAL);
            }
            same
        });
        strokes.count() as u64 * STROKE.get()
    };
    let mut stronger = running(morphine(10));
    stronger.refill(&fill(morphine(20), 18_600_000, 0)).unwrap();
    // The stroke from 365.0 to 365.5 µL reaches the leading edge, so 365.0 µL go at the old charge.
    assert_eq!(charged_from_then(&mut stronger), 365_000);
    assert_eq!(at_tip(&stronger), 19_300_000);
    let mut weaker = running(morphine(20));
    weaker.refill(&fill(morphine(10), 18_600_000, 0)).unwrap();
    // The stroke that ends at 429.0 µL is the last that may hold the old drug.
    assert_eq!(charged_from_then(&mut weaker), 429_000);
    assert_eq!(at_tip(&weaker), 10_700_000);
    assert!(!weaker.front_in_path(THRESHOLD));
    assert_eq!(total(&weaker), 20_000_000 + 397_000 - 429_000);
}

//= requirements/ledger.md#moved-by-every-stroke
//= type=test
//# The pump MUST move the ledger by the volume of every stroke, and an unconfirmed stroke widens the front band by its volume, as moved and as not moved.
#[test]
fn a_hundred_missed_edges_at_a_front_keep_the_stronger_drug_charged_for_their_volume() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(10), 18_600_000, 0)).unwrap();
    path.stroke(Volume::new(350_000), true, BASAL);
    for _ in 0..100 {
        path.stroke(STROKE, false, BASAL);
    }
    // Moved 400 of 397 µL, 50 µL of it unconfirmed: the old drug may show until 397 + 31.76 + 50 = 478.76 µL.
    assert_eq!(path.unconfirmed(), Volume::new(50_000));
    assert_eq!(path.trailing_edge(BASAL, THRESHOLD), Some(Volume::new(78_760)));
    path.stroke(Volume::new(78_500), true, BASAL);
    assert_eq!(at_tip(&path), 20_000_000, "478.5 µL: the old drug is still charged");
    path.stroke(STROKE, true, BASAL);
    assert_eq!(at_tip(&path), 10_700_000);
    // What was not confirmed still counts as delivered out of the reservoir.
    assert_eq!(path.delivered(), Volume::new(479_000));
    assert_eq!(path.reservoir_volume(), Volume::new(20_000_000 - 479_000));
}

#[test]
fn a_stronger_drug_whose_strokes_were_missed_is_charged_as_if_every_one_had_moved() {
    let mut path = running(morphine(10));
    path.refill(&fill(morphine(20), 18_600_000, 0)).unwrap();
    path.stroke(Volume::new(316_000), true, BASAL);
    assert_eq!(at_tip(&path), 10_000_000);
    for _ in 0..100 {
        path.stroke(STROKE, false, BASAL);
    }
    // 366 µL moved, if all did: beyond the leading edge at 365.24.
    assert_eq!(at_tip(&path), 19_300_000);
}

#[test]
fn a_prime_brings_the_leading_edge_to_half_the_path() {
    let mut path = running(morphine(10));
    path.refill(&fill(morphine(20), 18_600_000, 0)).unwrap();
    assert_eq!(path.leading_edge(BASAL, THRESHOLD), Some(Volume::new(365_240)));
    assert_eq!(path.leading_edge(DEVICE.flow_max, THRESHOLD), Some(Volume::new(198_500)));
    path.stroke(Volume::new(198_500), true, DEVICE.flow_max);
    assert_eq!(path.leading_edge(BASAL, THRESHOLD), Some(Volume::ZERO), "a front that was primed stays wide");
    assert_eq!(at_tip(&path), 19_300_000);
}

//= requirements/ledger.md#declared-events
//= type=test
//# The pump MUST refuse a refill, rinse, aspiration or correction whose volumes the ledger cannot hold.
#[test]
fn what_the_ledger_cannot_hold_is_refused_and_changes_nothing() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(20), 10_000_000, 0)).unwrap();
    let before = path.clone();
    // 11.4 mL are in it: room for 8.6.
    let refused = path.rinse(Volume::new(9_000_000), &morphine(10), Volume::ZERO).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::Overfill, 9_000_000, 8_600_000));
    let refused = path.rinse(Volume::new(2_000_000), &morphine(10), Volume::new(14_000_000)).unwrap_err();
    assert_eq!((refused.value, refused.limit), (14_000_000, 13_400_000));
    let refused = path.aspirate_reservoir(Volume::new(11_500_000)).unwrap_err();
    assert_eq!((refused.value, refused.limit), (11_500_000, 11_400_000));
    let refused = path.correct_entry(Volume::new(18_700_000), &morphine(20)).unwrap_err();
    assert_eq!((refused.reason, refused.limit), (Reason::Overfill, 18_600_000));
    assert!(path.aspirate_port(Volume::ZERO).is_err());
    assert!(path.installation(Volume::new(2_000_000), &Mixture::DRUG_FREE).is_err());
    assert_eq!(path, before);
}

#[test]
fn a_rinse_washes_the_old_drug_out_by_shares() {
    let mut path = running(morphine(20));
    // 1.4 mL of 20 mg/mL and 2 mL of water: 28 / 3.4 = 8.235 294 2 mg/mL, rounded up.
    path.rinse(Volume::new(2_000_000), &Mixture::DRUG_FREE, Volume::new(2_000_000)).unwrap();
    assert_eq!(path.reservoir_mixture().concentration(Drug::Morphine), Concentration::new(8_235_295));
    assert_eq!(path.reservoir_volume(), DEVICE.residual);
    assert_eq!(at_tip(&path), 20_000_000, "a rinse of the reservoir does not reach the tip");
}

#[test]
fn an_aspirated_reservoir_holds_less_of_the_same() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(20), 18_000_000, 0)).unwrap();
    let number = path.number();
    path.aspirate_reservoir(Volume::new(5_000_000)).unwrap();
    assert_eq!(path.reservoir_volume(), Volume::new(14_400_000));
    assert_eq!(path.reservoir_mixture(), morphine(20));
    assert_eq!(path.number(), number + 1);
}

#[test]
fn the_catheter_port_drawn_off_leaves_body_fluid_in_the_catheter_and_drug_in_the_tubing() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(20), 18_600_000, 0)).unwrap();
    path.aspirate_port(Volume::new(2_000_000)).unwrap();
    let slugs = &path.ledger().slugs;
    assert_eq!(slugs.last().map(|slug| (slug.volume_nl, slug.mixture)), Some((198_000, Mixture::DRUG_FREE)));
    assert_eq!(slugs[1].volume_nl, 199_000);
    assert_eq!(total(&path), 20_397_000);
    // The front was moved by hand: half the path wide, so the 198 µL of body fluid are no shelter at all.
    assert_eq!(path.leading_edge(BASAL, THRESHOLD), Some(Volume::ZERO));
    assert_eq!(at_tip(&path), 20_000_000);
}

#[test]
fn a_little_drawn_from_the_port_moves_the_catheters_fluid_towards_the_port() {
    let mut path = running(morphine(20));
    path.aspirate_port(Volume::new(50_000)).unwrap();
    let volumes: Vec<u32> = path.ledger().slugs.iter().skip(1).map(|slug| slug.volume_nl).collect();
    assert_eq!(volumes, [347_000, 50_000]);
}

//= requirements/ceilings.md#charge-at-the-tip
//= type=test
//# While the ledger is in doubt, the pump MUST charge every stroke with the highest concentration in the path or the reservoir.
#[test]
fn a_wrong_entry_put_right_is_charged_at_the_worse_of_both_until_it_has_gone() {
    let mut path = running(morphine(10));
    path.refill(&fill(morphine(10), 18_600_000, 0)).unwrap();
    path.stroke(Volume::new(100_000), true, BASAL);
    // It was 20 mg/mL: (18.6 × 20 + 1.4 × 10) / 20 = 19.3 mg/mL, and 16 mL, not 18.6.
    path.correct_entry(Volume::new(16_000_000), &morphine(20)).unwrap();
    assert!(path.in_doubt());
    assert_eq!(path.reservoir_volume(), Volume::new(1_400_000 + 16_000_000 - 100_000));
    // (16 × 20 + 1.4 × 10) / 17.4 = 19.195 402 3 mg/mL.
    assert_eq!(at_tip(&path), 19_195_403);
}

//= requirements/ledger.md#merged-slugs
//= type=test
//# Slugs that are merged for want of room MUST be charged at the higher concentration of each drug.
#[test]
fn with_sixteen_slugs_full_the_next_joins_two_with_the_worst_of_both_and_no_drop_is_lost() {
    let mut path = running(morphine(10));
    for turn in 0..30u32 {
        path.refill(&fill(morphine(10 + turn % 2 * 10), 15_000_000, 0)).unwrap();
        path.stroke(Volume::new(5_000), true, BASAL);
        let drawn = path.reservoir_volume().checked_sub(DEVICE.residual).unwrap();
        path.aspirate_reservoir(drawn).unwrap();
        assert_eq!(total(&path), 1_400_000 + 397_000);
        assert!(path.ledger().slugs.len() <= SLUGS_MAX);
    }
    assert_eq!(path.ledger().slugs.len(), SLUGS_MAX);
    let strongest = path.ledger().slugs.iter().map(|slug| slug.mixture.concentration(Drug::Morphine)).max();
    assert_eq!(strongest, Some(path.highest().of(Drug::Morphine)));
    assert!(path.highest().of(Drug::Morphine) >= Concentration::new(19_000_000));
}

#[test]
fn more_than_four_drugs_in_pump_and_path_are_refused() {
    let component = |drug| orders::Component { drug, concentration: Concentration::new(1_000_000) };
    let three = Mixture::of(&[Drug::Morphine, Drug::Bupivacaine, Drug::Clonidine].map(component)).unwrap();
    let two = Mixture::of(&[Drug::Baclofen, Drug::Fentanyl].map(component)).unwrap();
    let mut path = running(three);
    let before = path.clone();
    let refused = path.refill(&fill(two, 18_000_000, 0)).unwrap_err();
    assert_eq!((refused.reason, refused.value, refused.limit), (Reason::TooManyDrugs, 5, 4));
    assert_eq!(path, before);
}

#[test]
fn a_snapshot_and_the_strokes_since_are_the_path_as_it_was() {
    let mut path = running(morphine(20));
    path.refill(&fill(morphine(10), 18_600_000, 0)).unwrap();
    path.stroke(STROKE, true, BASAL);
    let mut buffer = [0u8; FluidPath::BYTES_MAX];
    let then = StrokeCount { commanded: 5000, unconfirmed: 7 };
    let length = path.encode(then, &mut buffer).unwrap();
    for _ in 0..300 {
        path.stroke(STROKE, true, BASAL);
    }
    path.stroke(STROKE, false, BASAL);
    let now = StrokeCount { commanded: 5301, unconfirmed: 8 };
    let restored = FluidPath::decode(DEVICE, &buffer[..length], now, BASAL).unwrap();
    assert_eq!(restored.ledger(), path.ledger());
    assert_eq!((restored.delivered(), restored.unconfirmed()), (path.delivered(), path.unconfirmed()));
    assert_eq!(at_tip(&restored), at_tip(&path));
    // Fewer strokes than the snapshot knows of: not a snapshot of this pump's life.
    assert!(FluidPath::decode(DEVICE, &buffer[..length], StrokeCount::default(), BASAL).is_none());
    for cut in 0..length {
        assert!(FluidPath::decode(DEVICE, &buffer[..cut], now, BASAL).is_none());
    }
}

#[derive(Clone, Debug)]
enum Act {
    Stroke(u64, bool, u64),
    Refill(u64, u32),
    Rinse(u64, u32),
    Port(u64),
    Draw(u64),
    Correct(u64, u32),
    Catheter(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1u64..200_000, any::<bool>(), 0u64..24_000_000).prop_map(|(v, ok, f)| Act::Stroke(v, ok, f)),
        2 => (0u64..19_000_000, 0u32..25).prop_map(|(v, c)| Act::Refill(v, c)),
        1 => (0u64..5_000_000, 0u32..25).prop_map(|(v, c)| Act::Rinse(v, c)),
        1 => (0u64..400_000).prop_map(Act::Port),
        1 => (0u64..10_000_000).prop_map(Act::Draw),
        1 => (0u64..19_000_000, 0u32..25).prop_map(|(v, c)| Act::Correct(v, c)),
        1 => (0u64..500_000).prop_map(Act::Catheter),
    ]
}

fn mixture(mg_per_ml: u32) -> Mixture {
    if mg_per_ml == 0 { Mixture::DRUG_FREE } else { morphine(mg_per_ml) }
}

fn apply(path: &mut FluidPath, act: &Act) -> bool {
    match *act {
        Act::Stroke(volume, confirmed, flow) => {
            path.stroke(Volume::new(volume), confirmed, FlowRate::new(flow));
            true
        }
        Act::Refill(volume, c) => path.refill(&Refill { reason: Some(1), ..fill(mixture(c), volume, 0) }).is_ok(),
        Act::Rinse(volume, c) => path.rinse(Volume::new(volume), &mixture(c), Volume::new(volume)).is_ok(),
        Act::Port(volume) => path.aspirate_port(Volume::new(volume)).is_ok(),
        Act::Draw(volume) => path.aspirate_reservoir(Volume::new(volume)).is_ok(),
        Act::Correct(volume, c) => path.correct_entry(Volume::new(volume), &mixture(c)).is_ok(),
        Act::Catheter(volume) => path.installation(Volume::new(volume), &Mixture::DRUG_FREE).is_ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    //= requirements/ledger.md#whole-path
    //= type=test
    //# A ledger MUST hold at most 16 slugs from reservoir to tip whose volumes sum to path and reservoir.
    #[test]
    fn the_slugs_are_path_and_reservoir_whatever_is_done(acts in proptest::collection::vec(act(), 1..120)) {
        let mut path = running(morphine(10));
        for act in &acts {
            let before = path.clone();
            let done = apply(&mut path, act);
            prop_assert!(done || path == before, "a refused act changed something");
            prop_assert!(path.ledger().slugs.len() <= SLUGS_MAX);
            let sum = path.path_volume().saturating_add(path.reservoir_volume());
            prop_assert_eq!(path.ledger().total(), sum, "{:?}", act);
            if let Act::Stroke(volume, ..) = act {
                let left = before.reservoir_volume().saturating_sub(Volume::new(*volume));
                prop_assert_eq!(path.reservoir_volume(), left);
            }
            let bytes = &mut [0u8; Ledger::BYTES_MAX];
            let length = path.ledger().encode(bytes).expect("fits");
            prop_assert_eq!(&Ledger::decode(&bytes[..length]).expect("reads"), path.ledger());
        }
    }

    /// The quick way of a stroke and the whole way are one.
    #[test]
    fn many_small_strokes_charge_as_the_whole_path_does(acts in proptest::collection::vec(act(), 1..60)) {
        let mut path = running(morphine(10));
        for act in &acts {
            apply(&mut path, act);
            for _ in 0..20 {
                let quick = path.charge_at_tip(STROKE, &MORPHINE)[0];
                let whole = STROKE.mass_at(path.reach(STROKE).of(Drug::Morphine));
                prop_assert_eq!(quick, whole);
                path.stroke(STROKE, true, BASAL);
            }
        }
    }

    /// A picture kept as single strokes of plug flow, without any band: it never gives more than was charged.
    #[test]
    fn plug_flow_never_gives_more_than_is_charged(acts in proptest::collection::vec((0u32..25, 1usize..600), 1..12)) {
        let mut path = running(morphine(10));
        let mut plug: std::collections::VecDeque<u32> = std::iter::repeat_n(10_000_000, 794).collect();
        for (strength, strokes) in acts {
            path.refill(&Refill { reason: Some(1), ..fill(mixture(strength), 15_000_000, 0) }).unwrap();
            let held = path.reservoir_mixture().concentration(Drug::Morphine).get();
            for _ in 0..strokes {
                plug.push_front(held);
                let gives = plug.pop_back().expect("794 strokes of path");
                prop_assert!(at_tip(&path) >= u64::from(gives));
                path.stroke(STROKE, true, BASAL);
            }
        }
    }
}
