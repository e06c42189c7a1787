//! What happens at a bedside, told from what the pages say and from what is true in the pump.

use exchange::body::{Acknowledgement, Answered, Outcome};
use exchange::{Body, Envelope, Kind, Source};
use serde_json::json;

use crate::bench::{Bench, MORNING_MS, PASSPHRASE, SECOND, first_order};

//= requirements/programmer.md#right-patient
//= type=test
//# The programmer MUST refuse every change until two identifiers of the patient and the serial of the pump match the open file.
#[test]
fn nothing_changes_until_two_identifiers_and_the_serial_match() {
    let mut bench = Bench::new("identity");
    bench.arrives();
    // Closed and opened again: the comparison is of this visit alone.
    bench.get("/files");
    bench.send("/files/open", &[("serial", "4711")]);
    bench.says("Right patient, right pump");
    for path in ["/order", "/acts", "/install", "/install/prime", "/refill"] {
        bench.get("/files");
        bench.send(path, &[("act", "resume"), ("spinal", "600"), ("pump-piece", "0"), ("tip", "T10")]);
        if path != "/install" {
            bench.says("Ask the person; do not read it out.");
        }
    }
    bench.get("/identify");
    bench.send("/identify", &[("id-born", "1961-03-04"), ("id-record", "D-18")]);
    bench.says("two identifiers must match the open file");
    bench.get("/pump");
    bench.says("Nothing can be changed yet");
    bench.get("/identify");
    bench.send("/identify", &[("id-born", "1961-03-04"), ("id-record", "D-17")]);
    bench.says_nothing_of("Nothing can be changed yet");
}

//= requirements/programmer.md#right-patient
//= type=test
//# A session of the programmer MUST hold one patient and close by itself when it is idle.
#[test]
fn after_ten_idle_minutes_the_session_is_closed_and_a_form_of_it_does_nothing() {
    let mut bench = Bench::new("idle");
    bench.with_a_running_pump();
    bench.get("/acts");
    let old = bench.html.clone();
    bench.passes(11);
    bench.html = old;
    bench.send("/acts", &[("act", "stop"), ("reason", "other"), ("for", "4 h")]);
    bench.says("Sign in");
    bench.send("/sign-in", &[("number", "7"), ("passphrase", "not the passphrase")]);
    bench.says("the number or the passphrase is not right");
    bench.send("/sign-in", &[("number", "7"), ("passphrase", PASSPHRASE)]);
    bench.says("no file is open");
    bench.send("/files/open", &[("serial", "4711")]);
    bench.get("/pump");
    bench.says("State running");
}

//= requirements/programmer.md#side-by-side
//= type=test
//# The programmer MUST show running and proposed order side by side, with the pump's own totals in absolute and per cent, before a commit can be signed.
//= requirements/programmer.md#read-back
//= type=test
//# After a commit the programmer MUST read the running order back and raise an alarm on any difference.
#[test]
fn first_day_implanted_filled_ordered_signed_and_an_increase_is_seen_before_it_is_sent() {
    let mut bench = Bench::new("first-day");
    bench.with_a_running_pump();
    bench.get("/pump");
    bench.says("continuous, 0.24 mL/day");
    bench.says("morphine per day, basal 240 mcg/day");

    bench.get("/order");
    let mut fields = bench.fields();
    assert_eq!(fields.get("basal").map(String::as_str), Some("0.24 mL/day"), "what runs stands in the form, exactly");
    fields.insert("basal".into(), "0.3 mg/day".into());
    fields.insert("reason".into(), "pain in the morning".into());
    bench.send_all("/order", fields);
    bench.says("Order 2 in place of order 1");
    bench.says("morphine, basal only 240 mcg/day 300 mcg/day");
    bench.says("+60 mcg/day (+25.0 %)");
    bench.says("Lockout, start to start — — ");
    // Unsigned it runs nowhere: neither a wrong passphrase nor a page without presence commits it.
    bench.send("/order/review", &[("presence", "yes"), ("passphrase", "somebody else's words")]);
    bench.says("the number or the passphrase is not right");
    bench.send("/order/review", &[("passphrase", PASSPHRASE)]);
    bench.says("the programmer must be held at the pump");
    bench.get("/pump");
    bench.says("order 1");
    bench.get("/order");
    bench.signs();
    bench.says("Read back: what runs is what was signed.");
    bench.get("/pump");
    bench.says("continuous, 0.3 mL/day");
    bench.says("Watch after an increase");
}

//= requirements/programmer.md#side-by-side
//= type=test
//# A change larger than the formulary's limit for one step MUST ask for a further confirmation.
//= requirements/programmer.md#limits-with-reasons
//= type=test
//# A value outside a soft limit MUST need a typed reason and a second confirmation, which are logged.
#[test]
fn a_step_of_forty_percent_needs_a_reason_a_confirmation_and_one_more_before_the_signature() {
    let mut bench = Bench::new("soft");
    bench.with_a_running_pump();
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("basal".into(), "0.336 mg/day".into());
    fields.insert("reason".into(), "tumour pain".into());
    bench.send_all("/order", fields.clone());
    bench.says("morphine: increase: 240 mcg/day to 336 mcg/day (+40.0 %), limit 30 % of the dose before");
    bench.says("each limit that is passed must be confirmed");
    fields.insert("soft-reason".into(), "palliative, watched on the ward".into());
    fields.insert("soft-confirm".into(), "yes".into());
    bench.send_all("/order", fields);
    bench.says("The change is larger than one step; I confirm it");
    bench.send("/order/review", &[("presence", "yes"), ("passphrase", PASSPHRASE)]);
    bench.says("a change larger than one step must be confirmed by itself");
    bench.signs();
    bench.says("Read back");
    bench.get("/files/export");
    assert!(bench.html.contains("palliative, watched on the ward"), "the reason is in the record for the clinic");
}

#[test]
fn once_a_morning_entered_as_once_an_hour_is_refused_by_the_form_and_the_pump_never_hears_of_it() {
    let mut bench = Bench::new("hourly");
    bench.with_a_running_pump();
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("basal".into(), "10 mcg/h".into());
    fields.insert("mode".into(), "periodic".into());
    for (name, value) in
        [("periodic", "60 mcg"), ("periodic-over", "10 min"), ("periodic-every", "1 h"), ("periodic-first", "1 h")]
    {
        fields.insert(name.into(), value.into());
    }
    fields.insert("reason".into(), "a dose each morning".into());
    bench.send_all("/order", fields);
    bench.says("Not allowed : morphine: increase: 240 mcg/day to 1.68 mg/day (+600.0 %)");
    bench.says_nothing_of("in place of order 1");
    bench.get("/pump");
    bench.says("order 1");
}

#[test]
fn a_number_without_its_unit_or_with_another_is_told_back_as_it_was_typed() {
    let mut bench = Bench::new("units");
    bench.with_a_running_pump();
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("basal".into(), "0.5 mL/h".into());
    fields.insert("alarm".into(), "2".into());
    bench.send_all("/order", fields);
    bench.says("0.5 mL/h");
    bench.says("the unit must be one of");
    assert!(bench.html.contains("value=\"0.5 mL/h\""), "what was typed still stands in its field");
    bench.says("is blank; it must be filled in");
}

#[test]
fn an_order_that_asks_for_two_is_not_committed_by_one() {
    let mut bench = Bench::new("two");
    bench.with_a_running_pump();
    bench.get("/people");
    bench.send("/people", &[("number", "8"), ("name", "Ben Demo"), ("passphrase", SECOND)]);
    bench.says("8 Ben Demo");
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("signatures".into(), "2".into());
    fields.insert("reason".into(), "two from now on".into());
    bench.send_all("/order", fields);
    bench.signs();
    bench.says("Second clinician");
    bench.send(
        "/order/review",
        &[("presence", "yes"), ("passphrase", PASSPHRASE), ("second", "7"), ("second-passphrase", PASSPHRASE)],
    );
    bench.says("is the same person; another one must look and sign");
    bench.get("/pump");
    bench.says("order 1");
}

//= requirements/programmer.md#not-committed
//= type=test
//# The programmer MUST warn before a session closes with a proposal that was not committed.
//= requirements/programmer.md#not-committed
//= type=test
//# An abandoned edit MUST be reminded of and then discarded.
#[test]
fn who_leaves_with_an_unsigned_order_is_warned_and_the_next_visit_is_told_that_it_is_gone() {
    let mut bench = Bench::new("leave");
    bench.with_a_running_pump();
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("basal".into(), "0.3 mg/day".into());
    fields.insert("reason".into(), "pain".into());
    bench.send_all("/order", fields);
    bench.get("/leave");
    bench.says("an order was proposed and not committed");
    bench.says("The pump does not know it.");
    bench.send("/leave", &[]);
    bench.send("/sign-in", &[("number", "7"), ("passphrase", PASSPHRASE)]);
    bench.send("/files/open", &[("serial", "4711")]);
    bench.says("On 2026-11-28 an order was proposed and not committed. It was discarded");
    bench.send("/identify", &[("id-born", "1961-03-04"), ("id-record", "D-17")]);
    bench.get("/order");
    assert_eq!(bench.fields().get("basal").map(String::as_str), Some("0.24 mL/day"), "the draft is gone");
    bench.get("/files");
    bench.send("/files/open", &[("serial", "4711")]);
    bench.says_nothing_of("was discarded");
}

//= requirements/programmer.md#intent-kept
//= type=test
//# The programmer MUST store a request and its id before sending it.
#[test]
fn a_lost_reply_ends_in_not_known_yet_and_asking_again_settles_it_once() {
    let mut bench = Bench::new("lost");
    bench.with_a_running_pump();
    bench.get("/acts");
    // Hello, status and nonce are answered; the answer to the stop is lost, and all after it.
    bench.air.lets_through(3);
    bench.send("/acts", &[("act", "stop"), ("reason", "procedure"), ("for", "4 h")]);
    bench.says("Not known yet");
    bench.says("it may have been done");
    bench.send("/acts", &[("act", "resume")]);
    bench.says("is not known yet: it may have been done");
    // The tablet dies and begins anew: what it had asked lies on its disk.
    bench.start();
    bench.air.lets_through(i64::MAX);
    bench.get("/");
    bench.comes_again();
    bench.says("State stopped");
    bench.says("What was asked earlier is not known yet");
    bench.send("/acts", &[("act", "resume")]);
    bench.says("nothing else is sent before that");
    bench.get("/pump");
    bench.send("/pursue", &[]);
    bench.says("done");
    bench.get("/pump");
    bench.says_nothing_of("not known yet");
    // It was done once, and nothing else was: what was asked while it was open was never sent.
    bench.says("State stopped");
}

//= requirements/programmer.md#fill-volume-blank
//= type=test
//# The programmer MUST leave the filled volume blank until a person types it.
//= requirements/programmer.md#fill-volume-blank
//= type=test
//# The programmer MUST refuse a filled volume that differs from the sum of the vials or from the weight.
//= requirements/programmer.md#new-drug-entered-anew
//= type=test
//# At each refill the programmer MUST ask for drug, concentration, lot and expiry and compare them with the order.
#[test]
fn twenty_filled_and_forty_entered_is_refused_and_so_are_an_expired_vial_and_too_much() {
    let mut bench = Bench::new("forty");
    bench.with_a_running_pump();
    bench.get("/refill");
    bench.send("/refill", &[("symptoms", "no")]);
    let drug = |expiry: &'static str, strength: &'static str| {
        [("drug0", "morphine"), ("strength0", strength), ("lot0", "L2"), ("expiry0", expiry)]
    };
    bench.send("/refill", &drug("2026-11-01", "1 mg/mL"));
    bench.says("has passed");
    bench.send("/refill", &drug("2027-03-01", "10 mg/mL"));
    bench.says("it is not what the running order says");
    bench.send("/refill", &drug("2027-03-01", "1 mg/mL"));
    bench.send("/refill", &[("port", "reservoir"), ("needle", "22"), ("drawn-back", "expected"), ("attempts", "1")]);
    bench.says("Expected: ");
    bench.send("/refill", &[("drawn", "17 mL"), ("emptied", "yes")]);
    bench
        .send("/refill", &[("second-draw-back", "expected"), ("pain", "no"), ("swelling", "no"), ("resistance", "no")]);
    assert!(bench.html.contains("name=\"filled\" type=\"text\" value=\"\""), "the volume filled in is blank");
    bench.send("/refill", &[("filled", "40 mL"), ("vials", "20 mL")]);
    bench.says("differs from the vials or the weight, which give 20 mL");
    bench.send("/refill", &[("filled", "20 mL"), ("vials", "20 mL")]);
    bench.says("is more than fits: 1.4 mL is still in it, so 18.6 mL at most");
    // By weight: 34.5 g less 16.5 g is 18 mL.
    bench.send("/refill", &[("filled", "18 mL"), ("vials-before", "34500"), ("vials-after", "16500")]);
    bench.says("Last safe day");
    bench.send("/refill", &[("visit", "2027-11-01")]);
    bench.says("the last safe day");
    bench.get("/files/export");
    assert!(bench.html.contains("\"lots\":[\"morphine L2, expires 2027-03-01\"]"), "{}", bench.html);
}

//= requirements/programmer.md#which-port
//= type=test
//# Before an injection the programmer MUST ask for port, needle and the fluid drawn back, and stop on one that does not fit.
//= requirements/programmer.md#needle-in-the-reservoir
//= type=test
//# The programmer MUST ask for a second draw-back after the first 5 mL and for pain, swelling and resistance.
#[test]
fn the_wrong_port_and_a_swelling_after_5_ml_stop_the_refill_and_the_pump_is_told_nothing() {
    let mut bench = Bench::new("port");
    bench.with_a_running_pump();
    let to_port = |bench: &mut Bench| {
        bench.get("/refill");
        bench.send("/refill", &[("symptoms", "no")]);
        bench.send(
            "/refill",
            &[("drug0", "morphine"), ("strength0", "1 mg/mL"), ("lot0", "L2"), ("expiry0", "2027-03-01")],
        );
    };
    let before = bench.truth()["reservoir"].clone();
    to_port(&mut bench);
    bench.send("/refill", &[("port", "catheter"), ("needle", "25"), ("drawn-back", "spinal fluid"), ("attempts", "1")]);
    bench.says("Stop. Do not inject.");
    bench.says("drug for the reservoir has killed there");
    to_port(&mut bench);
    bench.send("/refill", &[("port", "reservoir"), ("needle", "22"), ("drawn-back", "expected"), ("attempts", "3")]);
    bench.send("/refill", &[("drawn", "17 mL"), ("emptied", "yes")]);
    bench.send(
        "/refill",
        &[("second-draw-back", "expected"), ("pain", "no"), ("swelling", "yes"), ("resistance", "no")],
    );
    bench.says("it swells: the drug may lie under the skin");
    bench.says("The pump has been told nothing and runs as before.");
    bench.get("/pump");
    bench.send("/pump", &[]);
    bench.says("order 1");
    assert_eq!(bench.truth()["reservoir"], before, "nothing moved");
}

//= requirements/programmer.md#catheter-evaluation
//= type=test
//# A residual outside the tolerance or a loss of effect MUST open the catheter evaluation.
//= requirements/programmer.md#needle-in-the-reservoir
//= type=test
//# After a prime or a refill the programmer MUST run an observation timer with the signs to watch for.
#[test]
fn five_millilitres_too_many_drawn_off_need_a_code_and_open_the_catheter_evaluation() {
    let mut bench = Bench::new("discrepancy");
    bench.with_a_running_pump();
    bench.get("/refill");
    bench.send("/refill", &[("symptoms", "yes")]);
    bench
        .send("/refill", &[("drug0", "morphine"), ("strength0", "1 mg/mL"), ("lot0", "L2"), ("expiry0", "2027-03-01")]);
    bench.send("/refill", &[("port", "reservoir"), ("needle", "22"), ("drawn-back", "expected"), ("attempts", "1")]);
    bench.send("/refill", &[("drawn", "12 mL"), ("emptied", "yes")]);
    bench.says("less than expected: too much was given, or some of it beside the patient");
    bench.send("/refill", &[("drawn", "12 mL"), ("emptied", "yes"), ("compared", "yes"), ("accepted", "3")]);
    bench
        .send("/refill", &[("second-draw-back", "expected"), ("pain", "no"), ("swelling", "no"), ("resistance", "no")]);
    bench.send("/refill", &[("filled", "18 mL"), ("vials", "18 mL")]);
    bench.says("Catheter evaluation");
    bench.says("Watch after the refill");
    bench.says("breaths below 10 a minute");
    bench.send("/catheter", &[("x-ray", "yes"), ("cause", "leak"), ("note", "seen at the connector")]);
    bench.says("Last safe day");
}

//= requirements/programmer.md#which-port
//= type=test
//# Before contrast or drug goes into the catheter port the programmer MUST ask for the volume drawn from it.
#[test]
fn contrast_is_not_spoken_of_before_the_catheter_was_drawn_off() {
    let mut bench = Bench::new("contrast");
    bench.with_a_running_pump();
    bench.get("/port");
    bench.says("The catheter holds 0.198 mL.");
    bench
        .send("/port", &[("needle", "22"), ("drawn-back", "clear"), ("volume", "0.1 mL"), ("nothing-injected", "yes")]);
    bench.says("does not fit the catheter port");
    bench.says("is less than the catheter holds (0.198 mL)");
    bench.send("/port", &[("needle", "25"), ("drawn-back", "clear"), ("volume", "1 mL"), ("nothing-injected", "yes")]);
    bench.says("done");
}

//= requirements/programmer.md#early-dose-shown
//= type=test
//# Before a prime the programmer MUST show the worst-case dose that may arrive early and the time to watch.
#[test]
fn a_prime_is_shown_with_what_may_come_early_before_it_is_signed() {
    let mut bench = Bench::new("prime");
    bench.with_a_started_pump();
    bench.get("/install");
    bench.send("/install/prime", &[]);
    bench.says("A prime of 0.397 mL");
    // Half of 397 mcL goes fast; the other half of 1 mg/mL, 198.5 mcg, may be early.
    bench.says("198.5 mcg of morphine");
    bench.says("Watch the patient for all of that time.");
    bench.signs();
    bench.says("Watch after a prime");
}

//= requirements/programmer.md#emergency-in-two-actions
//= type=test
//# The programmer MUST reach minimum rate or the fall-back in two actions from any page, the second naming the drug and what its stop does.
#[test]
fn from_any_page_the_emergency_is_two_actions_and_says_what_it_does_not_do() {
    let mut bench = Bench::new("emergency");
    bench.with_a_running_pump();
    for page in ["/pump", "/order", "/refill", "/install", "/port", "/mri", "/acts", "/catheter", "/compound", "/files"]
    {
        bench.get(page);
        assert!(bench.html.contains("href=\"#emergency\"") && bench.html.contains("action=\"/emergency\""), "{page}");
        bench.says("Drug already given acts for up to 24 h; this does not treat an overdose.");
        bench.says("morphine: A stop brings pain and withdrawal");
    }
    bench.send("/emergency", &[]);
    bench.says("done");
    bench.says("Naloxone 0.4 to 2 mg into a vein");
    bench.says("first signs after 12 h to 2 days");
    bench.get("/pump");
    bench.says("State emergency rate");
    bench.says("0.006");
}

//= requirements/programmer.md#two-reads-after-a-scan
//= type=test
//# After a scan the programmer MUST interrogate twice before it says that the pump has recovered.
#[test]
fn after_a_scan_one_look_is_not_enough_and_a_second_too_soon_is_none() {
    let mut bench = Bench::new("scan");
    bench.with_a_running_pump();
    bench.get("/mri");
    bench.says("Do not program a stop");
    bench.send("/mri", &[]);
    bench.says_nothing_of("has recovered");
    bench.send("/mri", &[]);
    bench.says("Too soon for the second look");
    bench.passes(6);
    bench.send("/mri", &[]);
    bench.says("The pump has recovered: two looks show the drive turning by its order");
}

//= requirements/programmer.md#gap-shown
//= type=test
//# After a gap the programmer MUST show what was really delivered and offer the formulary's restart, never the old dose.
#[test]
fn after_three_days_of_standing_still_the_old_dose_is_not_offered() {
    let mut bench = Bench::new("gap");
    bench.with_a_running_pump();
    bench.passes(5);
    bench.get("/acts");
    bench.send("/acts", &[("act", "stop"), ("reason", "other"), ("for", "46 h")]);
    bench.hand(json!({"advance": "45 h"}));
    bench.get("/pump");
    bench.send("/pump", &[]);
    bench.says("Therapy has been interrupted for");
    bench.says("Restart between 100 mcg/day and 240 mcg/day");
    bench.says_nothing_of("Dose before: 240 mcg/day");
}

//= requirements/programmer.md#never-an-approval
//= type=test
//# A preview MUST say that it shows a simulated population and not this patient, and never approve an order.
#[test]
fn a_look_before_sending_says_whose_it_is_not() {
    let mut bench = Bench::new("look");
    bench.with_a_running_pump();
    bench.get("/order");
    let mut fields = bench.fields();
    fields.insert("basal".into(), "0.3 mg/day".into());
    fields.insert("reason".into(), "pain".into());
    bench.send_all("/order", fields);
    bench.get("/order/look");
    bench.says("simulated population, not this patient");
    bench.says("It approves nothing.");
    bench.get("/pump");
    bench.says("order 1");
}

//= requirements/programmer.md#sealed-files
//= type=test
//# The programmer MUST keep patient files and keys encrypted at rest and purge the files after they are synchronised.
#[test]
fn a_lost_tablet_tells_nothing_and_what_the_clinic_has_taken_is_gone() {
    let mut bench = Bench::new("sealed");
    bench.with_a_running_pump();
    let mut files = Vec::new();
    let mut folders = vec![bench.folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path => files.push((path.clone(), std::fs::read(path).unwrap())),
            }
        }
    }
    assert!(files.len() > 10);
    for (path, bytes) in &files {
        for secret in ["Penelope", "1961-03-04", "D-17", "morphine", "secret", "psk"] {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} stands in {}", path.display());
        }
    }
    bench.get("/files/export");
    let told: Vec<Envelope> = bench.html.lines().map(|line| Envelope::parse(line.as_bytes()).unwrap()).collect();
    let answers = told.iter().map(|envelope| Answered {
        source: envelope.source.clone(),
        seq: envelope.seq,
        fingerprint: envelope.fingerprint().unwrap(),
        outcome: Outcome::Taken,
    });
    let clinic = Source { kind: Kind::Clinic, id: "clinic".into() };
    let body = Body::Acknowledgement(Acknowledgement { answers: answers.collect() });
    let answer = Envelope::new(clinic, 1, 4_711, 0, body).to_bytes().unwrap();
    bench.get("/files");
    bench.send("/files/close", &[]);
    bench.send("/files/take", &[("document", &String::from_utf8(answer).unwrap())]);
    bench.says(&format!("The clinic has taken {} documents; they are purged here.", told.len()));
    assert!(!bench.folder.join("outbox/0000000001").exists());
    // Acts since then wait still, so the file stays until they are taken as well.
    bench.get("/files/export");
    assert!(bench.html.lines().count() <= 3, "{}", bench.html);
}

#[test]
fn a_record_from_which_an_act_was_taken_away_is_told_at_the_next_sign_in() {
    let mut bench = Bench::new("audit");
    bench.arrives();
    std::fs::remove_file(bench.folder.join("outbox/0000000003")).unwrap();
    bench.get("/leave");
    bench.send("/leave", &[]);
    bench.send("/sign-in", &[("number", "7"), ("passphrase", PASSPHRASE)]);
    bench.says("the record of this device is broken at document 3");
}

#[test]
fn a_form_of_an_older_page_and_one_of_another_session_do_nothing() {
    let mut bench = Bench::new("stale");
    bench.with_a_running_pump();
    bench.get("/acts");
    let old = bench.html.clone();
    bench.send("/acts", &[("act", "tone"), ("alarm", "32")]);
    bench.html = old;
    bench.send("/acts", &[("act", "stop"), ("reason", "other"), ("for", "4 h")]);
    assert_eq!(bench.status, 409);
    bench.says("the page was out of date");
    bench.get("/acts");
    bench.send("/acts", &[("act", "stop"), ("reason", "other"), ("for", "4 h"), ("token", "00")]);
    assert_eq!(bench.status, 403);
    bench.get("/pump");
    bench.send("/pump", &[]);
    bench.says("State running");
}

#[test]
fn a_compounding_sheet_stands_beside_what_other_strengths_would_mean() {
    let mut bench = Bench::new("compound");
    bench.with_a_running_pump();
    bench.get("/compound");
    bench.send(
        "/compound",
        &[
            ("drug0", "morphine"),
            ("dose0", "4 mg/day"),
            ("stock0", "25 mg/mL"),
            ("drug1", "bupivacaine"),
            ("dose1", "4 mg/day"),
            ("stock1", "powder"),
            ("flow", "0.25 mL/day"),
            ("fill", "20 mL"),
        ],
    );
    bench.says("16 mg/mL, 320 mg in all: draw 12.8 mL of 25 mg/mL");
    bench.says("Visits a year");
    bench.says("thought of from here on");
}

#[test]
fn the_clock_of_the_bench_is_a_wednesday_morning() {
    assert_eq!(MORNING_MS % 86_400_000, 8 * 3_600_000);
    assert_eq!(first_order().get("basal").map(String::as_str), Some("0.24 mg/day"));
}
