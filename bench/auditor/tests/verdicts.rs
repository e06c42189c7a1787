//! Each invariant is shown to fire on a planted violation, and to keep silent on a right history.

use auditor::{Answer, Auditor, BolusRule, Commit, DAY_MS, Device, HOUR_MS, Hold, Invariant, Level, Order, PumpTotals};

const MIN: u64 = 60_000;

/// 1 mg/mL: 1 nL holds 1,000,000 fg.
const ONE_MG_PER_ML: [u64; 4] = [1_000_000, 0, 0, 0];

const DEVICE: Device = Device {
    stroke_nl: 500,
    accuracy_ppm: 0,
    clock_ppm: 20_000,
    stall_strokes: 4,
    clock_watch_ms: 10 * MIN,
    resume_within_ms: 20 * MIN,
    factory_flow_nl_per_day: 4_000_000,
    factory_quarter_hour_nl: 60_000,
    factory_day_nl: 4_000_000,
};

/// 240 uL a day at 1 mg/mL: one stroke of 0.5 mcg every three minutes, 10 mcg an hour.
const FLOW: u64 = 240_000;

fn order() -> Order {
    Order {
        ceilings_fg: [Some([60_000_000_000, 120_000_000_000, 400_000_000_000]), None, None, None],
        flow_low_nl_per_day: FLOW,
        flow_high_nl_per_day: FLOW,
        fall_back_nl_per_day: FLOW / 4,
        bolus: Some(BolusRule { volume_nl: 20_000, duration_ms: 10 * MIN, lockout_ms: 4 * HOUR_MS, allotment: 3 }),
    }
}

fn implanted() -> Auditor {
    let mut auditor = Auditor::new(DEVICE);
    auditor.filled(20_000_000, ONE_MG_PER_ML);
    auditor.path_holds(&[(400_000, ONE_MG_PER_ML)]);
    auditor.order(0, order());
    auditor
}

fn stroke(auditor: &mut Auditor, at: u64) {
    auditor.stroke_commanded(at);
    auditor.moved(at, 500_000, true);
    auditor.edge(at);
}

fn basal(auditor: &mut Auditor, from: u64, to: u64) {
    let mut at = from + 3 * MIN;
    while at <= to {
        stroke(auditor, at);
        at += 3 * MIN;
    }
}

/// Basal and one bolus of 40 strokes in ten minutes, one every 15 s.
fn bolus(auditor: &mut Auditor, from: u64) {
    for i in 1..=40 {
        stroke(auditor, from + i * 15_000);
    }
}

fn found(auditor: &Auditor, invariant: Invariant) -> Vec<String> {
    auditor.findings().of(invariant).map(|f| f.sentence.clone()).collect()
}

fn silent(auditor: &Auditor) {
    assert!(auditor.findings().is_empty(), "{:#?}", auditor.findings().kept());
}

#[test]
fn a_right_day_with_three_boluses_is_found_right() {
    let mut a = implanted();
    a.order_proposed(0, [1; 32]);
    let commit = Commit { digest: [1; 32], signatures: 1, signatures_needed: 1, presence: true, valid: true };
    a.order_committed(1, commit);
    a.order_running(2, [1; 32]);
    a.drive_enable(3, true);
    for (i, start) in [8, 13, 18].into_iter().enumerate() {
        let at = start * HOUR_MS;
        basal(&mut a, if i == 0 { 0 } else { (start - 5) * HOUR_MS + 10 * MIN }, at);
        let id = (1, i as u64);
        a.tick(at, at);
        a.bolus_asked(at, id);
        a.bolus_asked(at + 5, id);
        a.bolus_granted_now(at, id);
        a.bolus_answered(at + 10, id, Answer::Granted { start_pump_ms: at });
        a.bolus_answered(at + 20, id, Answer::Granted { start_pump_ms: at });
        bolus(&mut a, at);
        a.bolus_recorded(at + HOUR_MS, id, 10 + i as u64, at);
    }
    basal(&mut a, 18 * HOUR_MS + 10 * MIN, 19 * HOUR_MS);
    a.bolus_asked(19 * HOUR_MS, (1, 9));
    a.bolus_answered(19 * HOUR_MS, (1, 9), Answer::Refused { reason: 4 });
    basal(&mut a, 19 * HOUR_MS, DAY_MS);
    a.alarm_logged(3);
    a.alarm_heard(DAY_MS, 3);
    a.restarted(DAY_MS);
    let strokes = a.strokes_moved();
    a.strokes_counted(DAY_MS + 1, strokes);
    let told = PumpTotals {
        confirmed_strokes: strokes,
        reservoir_nl: 20_000_000 - strokes * 500,
        filled_nl: 20_000_000,
        ..PumpTotals::default()
    };
    a.totals_read(DAY_MS + 2, told);
    a.look(DAY_MS + 3 * MIN);

    silent(&a);
    assert_eq!(a.delivered_fg()[0], u128::from(strokes) * 500_000_000);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i1_one_stroke_above_the_hour_is_found_and_the_hour_exactly_is_not() {
    let mut a = implanted();
    a.prime_allowed(0, 1, 60_000, [0; 4]);
    a.volume_ordered(0, HOUR_MS, 1, 60_000);
    // 60 mcg are 120 strokes; one every 29 s keeps the quarter hour and the flow within.
    for i in 1..=120 {
        stroke(&mut a, i * 29_000);
    }
    silent(&a);
    stroke(&mut a, 121 * 29_000);
    assert_eq!(found(&a, Invariant::I1), ["more drug left the tip in a window than its ceiling"]);
    assert_eq!(a.findings().kept()[0].numbers[1], ("window_ms", i128::from(HOUR_MS)));
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST keep its own account of what left the tip from rotor motion and true contents alone.
#[test]
fn i1_judges_what_leaves_the_tip_and_not_what_leaves_the_reservoir() {
    let mut a = implanted();
    a.drawn_off(20_000_000);
    a.filled(20_000_000, [20_000_000, 0, 0, 0]);
    // 400 uL of the old drug lie in the path: forty hours of basal are still the old dose.
    basal(&mut a, 0, 40 * HOUR_MS);
    silent(&a);
    // Then twenty times the drug at an unbridged rate: 200 mcg an hour.
    basal(&mut a, 40 * HOUR_MS, 41 * HOUR_MS);
    assert!(!found(&a, Invariant::I1).is_empty());
}

#[test]
fn i1_a_lowered_ceiling_does_not_judge_what_was_given_before_it() {
    let mut a = implanted();
    basal(&mut a, 0, 24 * HOUR_MS);
    let mut lower = order();
    // 9 mcg an hour: less than the ten that were given in the last hour.
    lower.ceilings_fg[0] = Some([9_000_000_000, 120_000_000_000, 400_000_000_000]);
    a.order(24 * HOUR_MS, lower);
    basal(&mut a, 24 * HOUR_MS, 24 * HOUR_MS + 57 * MIN);
    silent(&a);
    basal(&mut a, 24 * HOUR_MS + 57 * MIN, 25 * HOUR_MS);
    assert_eq!(found(&a, Invariant::I1).len(), 1);
}

#[test]
fn i1_a_right_prime_passes_and_a_second_one_on_the_same_signature_does_not() {
    let mut a = implanted();
    let prime = |a: &mut Auditor, from: u64| {
        for i in 1..=800 {
            stroke(a, from + i * 8_000);
        }
    };
    // 0.4 mL of 1 mg/mL: 400 mcg are signed for, far above the ceilings, within two hours.
    a.prime_allowed(0, 2 * HOUR_MS, 400_000, [400_000_000_000, 0, 0, 0]);
    prime(&mut a, 0);
    silent(&a);
    prime(&mut a, 6_400_000);
    assert!(!found(&a, Invariant::I1).is_empty());
    assert!(!found(&a, Invariant::I3).is_empty());
}

#[test]
fn i1_a_free_running_rotor_passes_the_factory_limit() {
    let mut a = implanted();
    for i in 1..=121 {
        a.moved(i * 1_000, 500_000, false);
    }
    assert!(found(&a, Invariant::I1).iter().any(|s| s.contains("factory")));
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i2_a_bolus_one_second_early_and_one_too_many_are_found() {
    let mut a = implanted();
    let grant = |a: &mut Auditor, id, start| {
        a.bolus_answered(start, (1, id), Answer::Granted { start_pump_ms: start });
    };
    grant(&mut a, 1, 0);
    grant(&mut a, 2, 4 * HOUR_MS);
    silent(&a);
    grant(&mut a, 3, 8 * HOUR_MS - 1_000);
    assert_eq!(found(&a, Invariant::I2), ["two patient boluses started closer than the lockout"]);
    grant(&mut a, 4, DAY_MS - 1);
    assert_eq!(found(&a, Invariant::I2)[1], "more patient boluses started in 24 hours than the allotment");
    // The first is a day old now: again three.
    grant(&mut a, 5, DAY_MS + 4 * HOUR_MS);
    assert_eq!(found(&a, Invariant::I2).len(), 2);
}

#[test]
fn i2_a_bolus_whose_order_has_none_is_found() {
    let mut a = implanted();
    a.order(1, Order { bolus: None, ..order() });
    a.bolus_answered(2, (1, 1), Answer::Granted { start_pump_ms: 2 });
    assert_eq!(found(&a, Invariant::I2).len(), 1);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i3_a_lost_reply_that_leads_to_two_boluses_is_found_by_volume_alone() {
    let mut a = implanted();
    basal(&mut a, 0, 8 * HOUR_MS);
    a.bolus_asked(8 * HOUR_MS, (1, 1));
    bolus(&mut a, 8 * HOUR_MS);
    // The reply was lost; the handset asks again with the same id.
    a.bolus_asked(8 * HOUR_MS + 10 * MIN, (1, 1));
    silent(&a);
    bolus(&mut a, 8 * HOUR_MS + 10 * MIN);
    assert!(!found(&a, Invariant::I3).is_empty());
}

#[test]
fn i3_two_answers_and_two_journal_starts_of_one_request_are_found() {
    let mut a = implanted();
    a.bolus_answered(0, (1, 1), Answer::Granted { start_pump_ms: 0 });
    a.bolus_answered(1, (1, 1), Answer::Refused { reason: 2 });
    a.bolus_recorded(2, (1, 1), 40, 0);
    a.bolus_recorded(3, (1, 1), 40, 0);
    assert_eq!(found(&a, Invariant::I3).len(), 1);
    a.bolus_recorded(4, (1, 1), 41, 0);
    assert_eq!(found(&a, Invariant::I3).len(), 2);
}

#[test]
fn i3_a_delivery_nobody_asked_for_is_found() {
    let mut a = implanted();
    basal(&mut a, 0, HOUR_MS);
    silent(&a);
    bolus(&mut a, HOUR_MS);
    assert!(!found(&a, Invariant::I3).is_empty());
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i3_what_a_bolus_leaves_over_is_paid_by_it_and_by_nobody_else() {
    let mut a = implanted();
    let asked = 8 * HOUR_MS;
    basal(&mut a, 0, asked);
    a.bolus_asked(asked, (1, 1));
    a.bolus_answered(asked, (1, 1), Answer::Granted { start_pump_ms: asked });
    // 08:00 to 08:10: forty strokes of the bolus and the basal's own between them.
    for second in 1..=600u64 {
        let at = asked + second * 1_000;
        (0..u64::from(second.is_multiple_of(15)) + u64::from(second.is_multiple_of(180)))
            .for_each(|_| stroke(&mut a, at));
    }
    basal(&mut a, asked + 9 * MIN, asked + 45 * MIN);
    // 08:45: the flow changes, and a stroke comes at its edge.
    stroke(&mut a, asked + 45 * MIN + 15_000);
    silent(&a);
    stroke(&mut a, asked + 45 * MIN + 30_000);
    assert_eq!(found(&a, Invariant::I3).len(), 1, "what the bolus left over is not there for anybody else");
}

#[test]
fn i4_full_basal_on_the_fall_back_and_a_stroke_after_the_cut_are_found() {
    let mut a = implanted();
    basal(&mut a, 0, HOUR_MS);
    a.level(HOUR_MS, Level::FallBack);
    for i in 1..=5 {
        stroke(&mut a, HOUR_MS + i * 12 * MIN);
    }
    silent(&a);
    basal(&mut a, 2 * HOUR_MS, 3 * HOUR_MS);
    assert!(!found(&a, Invariant::I4).is_empty());

    let mut a = implanted();
    a.level(0, Level::DriveCut);
    stroke(&mut a, 500);
    silent(&a);
    stroke(&mut a, 3 * MIN);
    assert_eq!(found(&a, Invariant::I4).len(), 1);
}

#[test]
fn i4_a_bolus_granted_under_an_alarm_that_forbids_it_is_found() {
    let mut a = implanted();
    a.level(0, Level::NoPatientBolus);
    a.bolus_granted_now(1, (1, 1));
    assert_eq!(found(&a, Invariant::I4).len(), 1);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i5_a_reservoir_that_lost_one_stroke_and_a_journal_that_invents_one_are_found() {
    let mut a = implanted();
    basal(&mut a, 0, 30 * MIN);
    let right = PumpTotals {
        confirmed_strokes: 9,
        unconfirmed_strokes: 1,
        reservoir_nl: 20_000_000 - 10 * 500 - 1_000,
        filled_nl: 20_000_000,
        drawn_nl: 1_000,
        corrected_nl: 0,
    };
    a.totals_read(HOUR_MS, right);
    assert!(found(&a, Invariant::I5).is_empty());
    a.totals_read(HOUR_MS, PumpTotals { reservoir_nl: right.reservoir_nl + 500, ..right });
    assert_eq!(found(&a, Invariant::I5).len(), 1);
    let invented = PumpTotals { confirmed_strokes: 11, reservoir_nl: right.reservoir_nl - 1_000, ..right };
    a.totals_read(HOUR_MS, invented);
    assert_eq!(found(&a, Invariant::I5)[1], "the journal confirms strokes that gave no edge");
    let forgot = PumpTotals { confirmed_strokes: 8, reservoir_nl: right.reservoir_nl + 500, ..right };
    a.totals_read(HOUR_MS, forgot);
    assert_eq!(found(&a, Invariant::I5)[2], "the rotor moved more commanded strokes than the journal holds");
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i6_every_way_around_the_confirmation_is_found() {
    let good = Commit { digest: [1; 32], signatures: 2, signatures_needed: 2, presence: true, valid: true };
    let bad = [
        Commit { presence: false, ..good },
        Commit { signatures: 1, ..good },
        Commit { signatures: 0, signatures_needed: 0, ..good },
        Commit { valid: false, ..good },
        Commit { digest: [2; 32], ..good },
    ];
    for commit in bad {
        let mut a = implanted();
        a.order_proposed(0, [1; 32]);
        a.order_committed(1, commit);
        assert_eq!(found(&a, Invariant::I6).len(), 1, "{commit:?}");
    }
    let mut a = implanted();
    a.order_proposed(0, [1; 32]);
    a.order_proposed(0, [2; 32]);
    a.order_committed(1, good);
    a.order_running(2, [1; 32]);
    silent(&a);
    // The second proposal was voided by the first commit; and an order nobody confirmed may not run.
    a.order_committed(3, Commit { digest: [2; 32], ..good });
    a.order_running(4, [9; 32]);
    assert_eq!(found(&a, Invariant::I6).len(), 2);
}

#[test]
fn i6_an_order_above_the_factory_or_with_a_blank_ceiling_is_found() {
    let mut a = implanted();
    a.order(1, Order { flow_high_nl_per_day: 4_000_001, ..order() });
    a.order(2, Order { ceilings_fg: [None; 4], ..order() });
    assert_eq!(found(&a, Invariant::I6).len(), 2);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i7_a_stopped_pump_neither_stays_enabled_nor_steps() {
    let mut a = implanted();
    a.drive_enable(0, true);
    basal(&mut a, 0, HOUR_MS);
    a.hold(HOUR_MS, Hold::Stopped, true);
    a.drive_enable(HOUR_MS + 1_000, false);
    a.look(5 * HOUR_MS);
    silent(&a);
    a.drive_enable(5 * HOUR_MS, true);
    a.stroke_commanded(5 * HOUR_MS + 10);
    assert_eq!(found(&a, Invariant::I7).len(), 2);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i8_time_that_goes_back_or_runs_ahead_is_found_and_time_that_stands_still_is_not() {
    let mut a = implanted();
    a.tick(0, 100);
    a.tick(HOUR_MS, 100 + HOUR_MS + HOUR_MS / 100);
    // A restart lost an unknown time: it counts as nothing elapsed.
    a.tick(5 * HOUR_MS, 100 + HOUR_MS + HOUR_MS / 100);
    silent(&a);
    a.tick(6 * HOUR_MS, 100 + 3 * HOUR_MS);
    assert_eq!(found(&a, Invariant::I8), ["the pump's time ran ahead of true time"]);
    a.tick(6 * HOUR_MS + 1, 5);
    assert_eq!(found(&a, Invariant::I8)[1], "the pump's time went backward");
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i9_a_pump_that_does_not_resume_after_the_field_is_found_and_one_that_waits_in_it_is_not() {
    let mut a = implanted();
    basal(&mut a, 0, HOUR_MS);
    a.hold(HOUR_MS, Hold::StrongField, true);
    a.look(3 * HOUR_MS);
    a.hold(3 * HOUR_MS, Hold::StrongField, false);
    a.look(3 * HOUR_MS + 20 * MIN);
    silent(&a);
    a.look(3 * HOUR_MS + 40 * MIN);
    assert_eq!(found(&a, Invariant::I9), ["therapy that nothing holds is behind the order"]);
}

#[test]
fn i9_a_rotor_that_stands_is_found_after_the_strokes_of_a_stall_unless_the_pump_says_so() {
    for is_said in [false, true] {
        let mut a = implanted();
        basal(&mut a, 0, HOUR_MS);
        for stroke in 1..=8 {
            a.stroke_commanded(HOUR_MS + stroke * 3 * MIN);
            if is_said && stroke == 4 {
                a.hold(HOUR_MS + stroke * 3 * MIN + 2_000, Hold::Fault, true);
            }
        }
        assert_eq!(found(&a, Invariant::I9).len(), usize::from(!is_said));
    }
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i8_an_oscillator_that_begins_to_run_wrong_has_its_time_to_be_noticed_and_no_more() {
    let mut a = Auditor::new(DEVICE);
    a.tick(0, 0);
    a.tick(HOUR_MS, HOUR_MS);
    a.oscillator_wrong(HOUR_MS, true);
    // 09:10: twice as fast for ten minutes; nobody could know yet.
    a.tick(HOUR_MS + 10 * MIN, HOUR_MS + 20 * MIN);
    silent(&a);
    a.tick(HOUR_MS + 40 * MIN, HOUR_MS + 80 * MIN);
    assert_eq!(found(&a, Invariant::I8).len(), 1);
    // A restart may take back what no store held; it adds nothing.
    let mut a = Auditor::new(DEVICE);
    a.tick(0, 0);
    a.tick(HOUR_MS, HOUR_MS);
    a.restarted(HOUR_MS + MIN);
    a.tick(HOUR_MS + 2 * MIN, HOUR_MS - 30 * MIN);
    silent(&a);
    a.tick(HOUR_MS + 3 * MIN, HOUR_MS);
    assert_eq!(found(&a, Invariant::I8).len(), 1);
}

#[test]
fn i9_a_pump_that_gives_half_its_order_is_found_within_a_day() {
    let mut a = implanted();
    for i in 1..=240 {
        stroke(&mut a, i * 6 * MIN);
    }
    assert!(!found(&a, Invariant::I9).is_empty());
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i10_a_spoiled_frame_that_changes_something_is_found() {
    let mut a = implanted();
    a.frame_spoiled(1, [3; 32], [3; 32]);
    silent(&a);
    a.frame_spoiled(2, [3; 32], [4; 32]);
    assert_eq!(found(&a, Invariant::I10).len(), 1);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i11_an_alarm_heard_again_after_it_ended_needs_a_new_record() {
    let mut a = implanted();
    a.alarm_logged(7);
    a.alarm_heard(1, 7);
    a.alarm_ended(7);
    silent(&a);
    a.alarm_heard(2, 7);
    assert_eq!(found(&a, Invariant::I11).len(), 1);
}

//= requirements/bench.md#own-ledger
//= type=test
//# The auditor MUST report a breach of each of its twelve invariants, with time, expected and found.
#[test]
fn i12_one_stroke_too_many_for_each_restart_and_never_one_too_few() {
    let mut a = implanted();
    basal(&mut a, 0, 30 * MIN);
    a.restarted(31 * MIN);
    a.strokes_counted(31 * MIN, 11);
    a.restarted(32 * MIN);
    a.strokes_counted(32 * MIN, 12);
    a.strokes_counted(33 * MIN, 12);
    silent(&a);
    a.strokes_counted(34 * MIN, 13);
    assert_eq!(found(&a, Invariant::I12), ["after a restart the pump counts more than one stroke too many"]);
    a.strokes_counted(35 * MIN, 9);
    assert_eq!(found(&a, Invariant::I12)[1], "after a restart the pump counts fewer strokes than the rotor moved");
}

#[test]
fn i12_an_edge_that_nothing_moved_may_be_counted_and_no_second_one() {
    let mut a = implanted();
    basal(&mut a, 0, HOUR_MS);
    a.edge(HOUR_MS);
    a.strokes_counted(HOUR_MS, 21);
    silent(&a);
    a.strokes_counted(HOUR_MS + 1, 22);
    assert_eq!(found(&a, Invariant::I12).len(), 1);
}

#[test]
fn findings_are_bounded_and_the_rest_is_counted() {
    let mut a = implanted();
    for i in 0..1_500 {
        a.alarm_heard(i, 7);
    }
    assert_eq!(a.findings().kept().len(), auditor::FINDINGS_MAX);
    assert_eq!(a.findings().beyond(), 500);
}

#[test]
fn a_decade_of_strokes_is_judged_and_found_right() {
    let mut a = implanted();
    // 0.25 mL a day in strokes of 500 nL: one every 172,800 ms; 1.8 million of them, a refill every 60 days.
    let decade = Order { flow_low_nl_per_day: 250_000, flow_high_nl_per_day: 250_000, bolus: None, ..order() };
    a.order(0, decade);
    for i in 1..=1_825_000_u64 {
        if i % 30_000 == 0 {
            a.drawn_off(u64::MAX / 1_000);
            a.filled(20_000_000, ONE_MG_PER_ML);
        }
        stroke(&mut a, i * 172_800);
    }
    silent(&a);
    assert_eq!(a.delivered_fg()[0], 1_825_000 * 500_000_000);
}
