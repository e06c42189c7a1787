//! Documents written and read again, and what happens to one that is damaged.

use orders::ledger::SLUGS_MAX;
use orders::mixture::{Component, DRUGS_MAX};
use orders::prescription::*;
use orders::*;
use proptest::prelude::*;

fn mixture() -> impl Strategy<Value = Mixture> {
    (proptest::sample::subsequence(Drug::ALL.to_vec(), 1..=DRUGS_MAX), 10u32..50_000_000).prop_map(|(drugs, base)| {
        let components: Vec<Component> =
            drugs.into_iter().map(|drug| Component { drug, concentration: Concentration::new(base) }).collect();
        Mixture::of(&components).expect("distinct drugs")
    })
}

fn mode() -> impl Strategy<Value = Mode> {
    let flow = (0u64..2_000_000).prop_map(FlowRate::new);
    prop_oneof![
        Just(Mode::MinimumRate),
        (1u64..2_000_000).prop_map(|flow| Mode::Continuous(FlowRate::new(flow))),
        (proptest::collection::vec(flow, 48), any::<bool>()).prop_map(|(flows, weekend)| {
            let flows: [FlowRate; 48] = flows.try_into().expect("48 flows");
            let week = DaySet { weekdays: 0x1f, flows };
            let end = DaySet { weekdays: 0x60, flows };
            Mode::Schedule(if weekend {
                Schedule::of(&[week, end]).expect("two sets")
            } else {
                Schedule::every_day(flows)
            })
        }),
        (0u64..100_000, 500u64..50_000, 1u64..60).prop_map(|(background, volume, minutes)| {
            Mode::PeriodicBolus(PeriodicBolus {
                background: FlowRate::new(background),
                volume: Volume::new(volume),
                duration: Duration::from_minutes(minutes),
                interval: Duration::from_hours(6),
                first_after: Duration::from_hours(1),
            })
        }),
    ]
}

fn prescription() -> impl Strategy<Value = Prescription> {
    (mixture(), mode(), any::<bool>(), any::<bool>(), 1u64..1_000_000).prop_map(
        |(mixture, mode, bolus, ramp, order_number)| Prescription {
            order_number,
            author: 7,
            mixture,
            mode,
            ramp: ramp.then_some(Ramp {
                first: Permille::new(500),
                last: Permille::new(1000),
                steps: 5,
                interval: Duration::from_days(1),
            }),
            patient_bolus: bolus.then_some(PatientBolus {
                volume: Volume::new(20_000),
                duration: Duration::from_minutes(10),
                lockout: Duration::from_hours(4),
                allotment: 4,
            }),
            bolus_start: if ramp { BolusStart::AtOnce { reason: 3 } } else { BolusStart::AfterADay },
            ceilings: {
                let mut ceilings = [Ceiling::default(); DRUGS_MAX];
                for ceiling in ceilings.iter_mut().take(mixture.len()) {
                    *ceiling = Ceiling { hour: Mass::new(10), four_hours: Mass::new(20), day: Mass::new(30) };
                }
                ceilings
            },
            alarm_volume: Volume::new(2_000_000),
            alarm_days: 7,
            gap_limit: Duration::from_hours(24),
            front_threshold: Permille::new(50),
            fall_back: FlowRate::new(50_000),
            emergency: EmergencyRule {
                rate: EmergencyRate::MinimumRate,
                // The first drug of the mixture may come back by itself, another not.
                returns_after: [bolus.then_some(Duration::from_hours(12)), None, None, None],
            },
            signatures: 1,
        },
    )
}

proptest! {
    #[test]
    fn an_order_that_is_written_and_read_means_the_same(order in prescription()) {
        let mut buffer = [0u8; Prescription::BYTES_MAX];
        let length = order.encode(&mut buffer).expect("fits");
        prop_assert_eq!(Prescription::decode(&buffer[..length]), Ok(order));
    }

    #[test]
    fn an_order_that_is_cut_short_or_goes_on_is_refused_whole(order in prescription(), cut in 0usize..1000) {
        let mut buffer = [0u8; Prescription::BYTES_MAX + 1];
        let length = order.encode(&mut buffer).expect("fits");
        prop_assert!(Prescription::decode(&buffer[..cut % length]).is_err());
        prop_assert!(Prescription::decode(&buffer[..length + 1]).is_err());
    }

    #[test]
    fn random_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Prescription::decode(&bytes);
        let _ = Ledger::decode(&bytes);
    }

    #[test]
    fn a_ledger_that_is_written_and_read_means_the_same(
        number in any::<u32>(),
        slugs in proptest::collection::vec((any::<u32>(), mixture(), any::<u32>(), any::<u32>(), any::<bool>()), 0..=SLUGS_MAX),
    ) {
        let mut ledger = Ledger { number, ..Ledger::default() };
        for (volume_nl, mixture, edge_low_nl, edge_high_nl, doubt) in slugs {
            ledger.slugs.push(Slug { volume_nl, mixture, edge_low_nl, edge_high_nl, doubt }).expect("at most 16");
        }
        let mut buffer = [0u8; Ledger::BYTES_MAX];
        let length = ledger.encode(&mut buffer).expect("fits");
        prop_assert_eq!(Ledger::decode(&buffer[..length]), Ok(ledger));
    }

    #[test]
    fn a_mass_turned_into_volume_never_holds_more_than_was_asked(mass in 0u64..1u64 << 60, concentration in 10u32..100_000_000) {
        let concentration = Concentration::new(concentration);
        let volume = Mass::new(mass).volume_at(concentration).expect("there is drug");
        prop_assert!(volume.mass_at(concentration) <= Mass::new(mass));
        let one_more = volume.saturating_add(Volume::new(1));
        prop_assert!(one_more.mass_at(concentration) > Mass::new(mass));
    }
}
