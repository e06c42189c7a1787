//! Every self-test is shown to fail when its fault is there.

use orders::{DeviceProfile, Duration, Instant};
use pump::selftest::{Check, OFTEN, ROUND, Reading, Selftest, cpu_answer, memory_faults};

const BATTERY: orders::device::BatteryProfile = DeviceProfile::REFERENCE_20.battery;

fn healthy(check: Check) -> Reading {
    match check {
        Check::Cpu => Reading::Cpu(cpu_answer()),
        Check::Memory => Reading::Memory(0),
        Check::Program => Reading::Program(0xABCD, 0xABCD),
        Check::Stores => Reading::Stores(0),
        Check::Battery => Reading::Battery(2_900),
        Check::Watchdog => Reading::Watchdog(true),
        Check::Clocks => Reading::Clocks(600_000, 605_000),
        Check::Tone => Reading::Tone(1_000),
        Check::DriveOff => Reading::DriveOff(2),
        Check::DriveOn => Reading::DriveOn(8_000),
        Check::CutLine => Reading::CutLine(false),
        Check::Inputs => Reading::Inputs(0),
    }
}

fn injected(check: Check) -> Vec<Reading> {
    match check {
        Check::Cpu => (0..32).map(|bit| Reading::Cpu(cpu_answer() ^ (1 << bit))).collect(),
        Check::Memory => vec![Reading::Memory(1)],
        Check::Program => vec![Reading::Program(0xABCD, 0xABCC)],
        Check::Stores => vec![Reading::Stores(1)],
        Check::Battery => vec![Reading::Battery(2_199)],
        Check::Watchdog => vec![Reading::Watchdog(false)],
        Check::Clocks => vec![Reading::Clocks(600_000, 612_001), Reading::Clocks(600_000, 0), Reading::Clocks(0, 0)],
        Check::Tone => vec![Reading::Tone(0), Reading::Tone(50_000)],
        Check::DriveOff => vec![Reading::DriveOff(51)],
        Check::DriveOn => vec![Reading::DriveOn(0), Reading::DriveOn(90_000)],
        Check::CutLine => vec![Reading::CutLine(true)],
        Check::Inputs => vec![Reading::Inputs(1)],
    }
}

fn started(now: Instant) -> Selftest {
    let mut selftest = Selftest::start(now, BATTERY);
    while let Some(check) = selftest.poll(now) {
        assert!(!selftest.may_step(), "{check:?} has not run yet");
        assert!(selftest.report(now, healthy(check)), "{check:?}");
    }
    selftest
}

//= requirements/selftest.md#no-false-pass
//= type=test
//# Every self-test MUST be shown to fail when its fault is injected.
#[test]
fn every_check_passes_a_healthy_pump_and_fails_on_its_fault() {
    for check in Check::ALL {
        assert!(healthy(check).passes(&BATTERY), "{check:?}");
        for reading in injected(check) {
            assert_eq!(reading.check(), check);
            assert!(!reading.passes(&BATTERY), "{reading:?} passed");
        }
    }
}

//= requirements/selftest.md#at-start
//= type=test
//# The pump MUST NOT command a stroke after a start before the start self-test has passed.
#[test]
fn after_a_start_no_stroke_is_given_before_every_check_has_run() {
    assert!(started(Instant::ZERO).may_step());
    for check in Check::ALL {
        let mut selftest = started(Instant::ZERO);
        for reading in injected(check) {
            assert!(!selftest.report(Instant::ZERO, reading));
        }
        assert!(selftest.has_failed() && selftest.is_failed(check));
        assert_eq!(selftest.may_step(), !check.forbids_drive(), "a mute pump still gives its basal; {check:?}");
        selftest.report(Instant::ZERO, healthy(check));
        assert!(!selftest.has_failed() && selftest.may_step(), "tested again and found whole");
    }
}

//= requirements/selftest.md#again-and-again
//= type=test
//# The pump MUST repeat its periodic self-tests within their stated interval.
#[test]
fn in_a_day_of_therapy_memory_is_checked_each_hour_and_nothing_that_moves_the_drive_is() {
    let mut selftest = started(Instant::ZERO);
    let mut ran = Vec::new();
    let end = Instant::ZERO.after(ROUND);
    while let Some(now) = selftest.deadline().filter(|due| *due <= end) {
        let check = selftest.poll(now).unwrap();
        selftest.report(now, healthy(check));
        ran.push(check);
    }
    let times = |check| ran.iter().filter(|ran| **ran == check).count();
    assert_eq!(times(Check::Memory), 24);
    assert_eq!(OFTEN, Duration::from_hours(1));
    for check in [Check::Program, Check::Stores, Check::Battery, Check::Clocks, Check::DriveOff, Check::Inputs] {
        assert_eq!(times(check), 1, "{check:?}");
    }
    for check in [Check::DriveOn, Check::CutLine, Check::Watchdog, Check::Tone] {
        assert_eq!(times(check), 0, "{check:?}");
    }
}

#[test]
fn the_march_finds_stuck_and_coupled_bits_and_leaves_everything_else_as_it_was() {
    let before: Vec<u8> = (0..100u8).map(|cell| cell.wrapping_mul(37)).collect();
    let memory = std::cell::RefCell::new(before.clone());
    let healthy =
        memory_faults(100, &mut |cell| memory.borrow()[cell], &mut |cell, byte| memory.borrow_mut()[cell] = byte);
    assert_eq!((healthy, memory.take()), (0, before.clone()));

    for bit in 0..8 {
        for stuck_high in [false, true] {
            let memory = std::cell::RefCell::new(before.clone());
            let faults = memory_faults(
                100,
                &mut |cell| match (cell, stuck_high) {
                    (41, true) => memory.borrow()[cell] | (1 << bit),
                    (41, false) => memory.borrow()[cell] & !(1 << bit),
                    _ => memory.borrow()[cell],
                },
                &mut |cell, byte| memory.borrow_mut()[cell] = byte,
            );
            assert!(faults > 0, "bit {bit} stuck");
        }
    }
    let memory = std::cell::RefCell::new(before);
    let coupled = memory_faults(100, &mut |cell| memory.borrow()[cell], &mut |cell, byte| {
        memory.borrow_mut()[cell] = byte;
        if cell == 50 {
            memory.borrow_mut()[51] = byte;
        }
    });
    assert!(coupled > 0, "a write that also writes its neighbour");
}
