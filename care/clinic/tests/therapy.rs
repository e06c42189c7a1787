//! Refills, orders and records: what people do with them, and what they are kept from.

mod common;

use clinic::values;
use common::house::{HOUR, House};
use common::on_both;
use common::pump::{interrogation, told};

const NOW: u64 = 60 * 24 * 3_600_000;

//= requirements/clinic.md#covered-until
//= type=test
//# A patient whose booked refill lies after the refill-by date MUST stand first on the board and be called.
#[test]
fn a_refill_booked_too_late_stands_first_and_becomes_an_alarm_until_it_is_booked_well() {
    on_both(async |store| {
        let house = House::of(store).await;
        // Low in 30 days at worst, a margin of 7: the 25th of June 2027, a Friday.
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let nurse = house.signed_in("nurse").await;
        let book = format!("/patients/{}/appointments", house.patient);
        let visit = |at: &'static str| [("kind", "refill"), ("at", at), ("place", "clinic")];
        nurse.post(&book, &visit("2027-06-29T09:00")).await.is(422).says("after the refill-by date 2027-06-25");
        nurse.post(&book, &visit("2027-06-26T09:00")).await.is(422).says("closed");
        nurse.post(&book, &visit("2027-06-01T09:00")).await.is(422).says("later than now");
        assert_eq!(house.count("SELECT COUNT(*) FROM appointment").await, 0);
        let mut known = visit("2027-06-29T09:00").to_vec();
        known.push(("known", "yes"));
        nurse.post(&book, &known).await.is(303);
        house.passes(HOUR, 10 * 60_000).await;
        nurse.get("/refills?show=call").await.is(200).says("Anna Alder").says("booked too late");
        nurse.get("/alarms").await.says("booked after the refill-by date");
        nurse
            .post(
                &format!("/patients/{}/outreach", house.patient),
                &[("how", "telephone"), ("outcome", "comes on the 24th")],
            )
            .await
            .is(303);
        nurse.post(&book, &visit("2027-06-24T09:00")).await.is(303);
        house.passes(HOUR, 60_000).await;
        assert_eq!(house.count("SELECT COUNT(*) FROM alarm WHERE code = 202 AND ended_ms IS NULL").await, 0);
        nurse.get("/refills").await.says("covered").says("called");
        assert_eq!(
            house.count("SELECT COUNT(*) FROM appointment WHERE state = 'booked'").await,
            1,
            "the late one was moved"
        );
    });
}

#[test]
fn the_refill_by_date_is_never_on_a_closed_day() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let day = async || house.app.day(house.count("SELECT refill_by_ms FROM pump_now").await).to_string();
        assert_eq!(day().await, "2027-06-25");
        let nurse = house.signed_in("nurse").await;
        nurse.post("/refills/closed", &[("day", "2027-06-25"), ("why", "midsummer")]).await.is(303);
        assert_eq!(day().await, "2027-06-24");
        // One day less of drug, and the date would be a Thursday already; three less, a Monday.
        clinic::told::take(&house.app, &interrogation(2, told(NOW + 1_000, 27))).await.unwrap();
        assert_eq!(day().await, "2027-06-22");
    });
}

//= requirements/clinic.md#second-check
//= type=test
//# An order that asks for a second check MUST wait for it, and nobody checks an order of his own.
#[test]
fn an_order_that_rises_waits_for_another_person_and_nobody_checks_his_own() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let (physician, pharmacist, nurse) =
            (house.signed_in("physician").await, house.signed_in("pharmacist").await, house.signed_in("nurse").await);
        let orders = format!("/patients/{}/orders", house.patient);
        // Beyond the ceiling of 1.6 mg a day, and not a number at all.
        physician
            .post(&orders, &[("mcg_per_day", "1700"), ("bolus_mcg", "0"), ("reason", "more")])
            .await
            .is(422)
            .says("above the order");
        physician.post(&orders, &[("mcg_per_day", "1.3 mg"), ("bolus_mcg", "0"), ("reason", "more")]).await.is(422);
        nurse.post(&orders, &[("mcg_per_day", "1300"), ("bolus_mcg", "0"), ("reason", "more")]).await.is(403);
        assert_eq!(house.count("SELECT COUNT(*) FROM proposal").await, 0);
        // A rise of 30 %: old and new side by side, with the day's total; it waits.
        let order = physician
            .post(&orders, &[("mcg_per_day", "1300"), ("bolus_mcg", "0"), ("reason", "pain 7 of 10")])
            .await
            .leads();
        physician.get(&order).await.is(200).says("waits for a check").says("1.3").says("30").says("You wrote it");
        physician.post(&format!("{order}/check"), &[("mcg_per_day", "1300")]).await.is(403).says("another person");
        nurse.post(&format!("{order}/fetch"), &[]).await.is(409);
        pharmacist.post(&format!("{order}/check"), &[("mcg_per_day", "13000")]).await.is(422).says("not the dose");
        pharmacist.post(&format!("{order}/check"), &[("mcg_per_day", "1300")]).await.is(303);
        let file = nurse.post(&format!("{order}/fetch"), &[]).await.is(200);
        let document = exchange::Envelope::parse(file.body.as_bytes()).unwrap();
        assert_eq!((document.pump, document.base_version), (1_000, 1));
        // Even past the pages nobody checks his own.
        let mut tx = house.app.db.begin().await.unwrap();
        let why = tx.run("UPDATE proposal SET checked_by = made_by", values![]).await.unwrap_err().to_string();
        assert!(why.contains("nobody checks an order of his own"), "{why}");
    });
}

//= requirements/clinic.md#found-at-admission
//= type=test
//# A search by name, serial or card MUST show that a patient has a pump, what is in it and what its stop does.
#[test]
fn a_ward_finds_the_pump_by_name_serial_card_or_synonym_and_what_its_stop_does() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let reader = house.signed_in("reader").await;
        for search in [
            "alder",
            "anna%20ald",
            "1000",
            "R-1",
            "NEP1-1000-00112233-44556677-8899aabb-ccddeeff-3f2a",
            "pain%20pump",
            "IDDS",
        ] {
            let page = reader.get(&format!("/patients?search={search}")).await.is(200);
            page.says("Anna Alder").says("morphine 4").says("never restart at full dose");
        }
        reader.get("/patients?search=nobody").await.is(200).says("Nobody is found");
        reader.get("/patients?search=%25").await.is(200);
    });
}

#[test]
fn a_patient_checked_out_goes_with_two_identifiers_and_the_running_order() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let nurse = house.signed_in("nurse").await;
        let file =
            nurse.post(&format!("/patients/{}/check-out", house.patient), &[("programmer", "P-1")]).await.is(200);
        let document = exchange::Envelope::parse(file.body.as_bytes()).unwrap();
        let exchange::Body::PatientFile(file) = document.body else { panic!("another document") };
        assert!(file.identifiers.len() >= 2 && file.running.is_some() && file.checked_out_by == "Nora Nutmeg");
        nurse.get(&format!("/patients/{}", house.patient)).await.says("checked out").says("to programmer P-1");
        assert_eq!(house.count("SELECT COUNT(*) FROM audit WHERE act = 'patient checked out'").await, 1);
    });
}

//= requirements/clinic.md#what-kind-of-number
//= type=test
//# A number on a page MUST stand with its unit, its time and whether it was ordered, delivered, measured or calculated.
#[test]
fn a_number_on_the_page_says_what_kind_of_number_it_is_and_when() {
    on_both(async |store| {
        let house = House::of(store).await;
        clinic::told::take(&house.app, &interrogation(1, told(NOW, 30))).await.unwrap();
        let page = house.signed_in("nurse").await.get(&format!("/patients/{}", house.patient)).await.is(200);
        let figures: Vec<&str> = page.body.split("figure-key").skip(1).collect();
        assert!(figures.len() >= 6);
        for label in ["Basal flow", "morphine, ordered", "Reservoir", "Refill by", "Battery"] {
            let figure = figures.iter().find(|figure| figure.contains(label)).unwrap();
            assert!(figure.contains("class=\"origin\""), "{label} says what kind of number it is");
        }
        page.says("mL/day").says("2 Jun 2027").says("ordered").says("delivered").says("calculated").says("measured");
    });
}

#[test]
fn an_entry_out_of_bounds_is_refused_with_its_value_and_nothing_is_kept() {
    on_both(async |store| {
        let house = House::of(store).await;
        let nurse = house.signed_in("nurse").await;
        let patient = format!("/patients/{}", house.patient);
        nurse
            .post(&format!("{patient}/outcomes"), &[("pain", "11")])
            .await
            .is(422)
            .says("&quot;11&quot;")
            .says("from 0.0 to 10.0");
        nurse.post(&format!("{patient}/outcomes"), &[("pain", "4.55")]).await.is(422);
        let event =
            [("term", "nausea"), ("category", "drug"), ("component", "none"), ("grade", "6"), ("action", "none")];
        nurse.post(&format!("{patient}/events"), &event).await.is(422).says("from 1 to 5");
        assert_eq!(
            house.count("SELECT COUNT(*) FROM outcome").await + house.count("SELECT COUNT(*) FROM adverse_event").await,
            0
        );
        nurse.post(&format!("{patient}/outcomes"), &[("pain", "4.5"), ("sleep", "6")]).await.is(303);
        assert_eq!(house.count("SELECT tenths FROM outcome WHERE item = 'pain'").await, 45);
    });
}
