//! A patient with the handset, over its real pages, and a real virtual pump whose time moves by hand.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use common::*;
use serde_json::json;

/// The handset as a process.
struct Handset {
    child: Child,
    at: String,
}

/// A page as it came.
struct Page {
    status: u16,
    to: Option<String>,
    text: String,
}

impl Handset {
    fn start(data: &Path, pump: &str) -> Handset {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nepenthe"))
            .args(["handset", "--listen", "127.0.0.1:0", "--every", "3600", "--wait-ms", "400", "--pump", pump])
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let at = line.trim().rsplit_once("http://").unwrap().1.to_owned();
        Handset { child, at }
    }

    fn send(&self, method: &str, path: &str, more: &str, body: &str) -> Page {
        let mut stream = TcpStream::connect(&self.at).unwrap();
        let (at, length) = (&self.at, body.len());
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\naccept-language: en\r\n{more}content-length: {length}\r\n\r\n{body}").unwrap();
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).unwrap();
        let raw = String::from_utf8(raw).unwrap();
        let (head, text) = raw.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let to = head.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned);
        Page { status, to, text: text.to_owned() }
    }

    fn get(&self, path: &str) -> Page {
        self.send("GET", path, "", "")
    }

    fn post(&self, path: &str, body: &str) -> Page {
        let own = format!("origin: http://{}\r\nsec-fetch-site: same-origin\r\n", self.at);
        self.send("POST", path, &own, body)
    }

    /// The token of the page that asks.
    fn token(&self) -> String {
        let page = self.get("/ask");
        assert_eq!(page.status, 200, "{}", page.text);
        let (_, rest) = page.text.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Looks at a page until it says this. The pump's own time stands still meanwhile.
    fn until(&self, path: &str, words: &str) -> Page {
        for _ in 0..2_000 {
            let page = self.get(path);
            if page.text.contains(words) {
                return page;
            }
            pause();
        }
        panic!("{path} never said {words:?}; it says: {}", plain(&self.get(path).text));
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Handset {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A breath between two looks at a page: waiting on a channel on which nothing ever comes.
fn pause() {
    let (_keep, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(20));
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

/// A bad radio between handset and pump: passes everything, until told how many more of the pump's words come through.
struct BadRadio {
    at: String,
    left: Arc<AtomicI64>,
}

impl BadRadio {
    fn before(pump: &str) -> BadRadio {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, left) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicI64::new(i64::MAX)));
        let (pump, passes) = (pump.to_owned(), Arc::clone(&left));
        std::thread::spawn(move || {
            for handset in listener.incoming().flatten() {
                let Ok(pump) = TcpStream::connect(&pump) else { continue };
                let (mut up, mut to_pump) = (handset.try_clone().unwrap(), pump.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut up, &mut to_pump));
                let passes = Arc::clone(&passes);
                std::thread::spawn(move || frames(pump, handset, &passes));
            }
        });
        BadRadio { at, left }
    }

    fn lets_through(&self, words: i64) {
        self.left.store(words, Ordering::SeqCst);
    }
}

/// The pump's frames, each behind its length, as long as the radio lets them through.
fn frames(mut pump: TcpStream, mut handset: TcpStream, passes: &AtomicI64) {
    loop {
        let mut length = [0; 2];
        if pump.read_exact(&mut length).is_err() {
            return;
        }
        let mut frame = vec![0; usize::from(u16::from_le_bytes(length))];
        if pump.read_exact(&mut frame).is_err() {
            return;
        }
        if passes.fetch_sub(1, Ordering::SeqCst) > 0 && handset.write_all(&[&length[..], &frame].concat()).is_err() {
            return;
        }
    }
}

/// A pump that runs since two days, the nurse's devices, and the patient's handset with its bad radio.
struct Beside {
    folder: PathBuf,
    pump: Process,
    bed: Bed,
    radio: BadRadio,
    handset: Handset,
}

fn beside(name: &str) -> Beside {
    let (folder, pump, bed) = at_the_bed(name);
    std::fs::create_dir_all(folder.join("handset")).unwrap();
    std::fs::rename(folder.join("patient"), folder.join("handset/keys")).unwrap();
    let radio = BadRadio::before(&pump.at);
    let handset = Handset::start(&folder.join("handset"), &radio.at);
    handset.until("/", "Your pump is working");
    Beside { folder, pump, bed, radio, handset }
}

impl Beside {
    /// Doses that the pump itself counts.
    fn begun(&self) -> u8 {
        visit(&self.bed.nurse, &self.pump).status().unwrap().boluses
    }

    /// The handset dies, and is started again.
    fn again(self) -> Beside {
        let Beside { folder, pump, bed, radio, handset } = self;
        handset.kill();
        let handset = Handset::start(&folder.join("handset"), &radio.at);
        Beside { folder, pump, bed, radio, handset }
    }
}

#[test]
fn a_trembling_hand_presses_four_times_and_one_dose_begins() {
    let it = beside("handset-trembles");
    let (pump, handset) = (&it.pump, &it.handset);
    let home = handset.get("/");
    assert!(home.text.contains("4 of 4 left in 24 hours"), "{}", plain(&home.text));
    let page = handset.get("/ask");
    assert!(page.text.contains("50 micrograms") && page.text.contains("never ask for someone who sleeps"));
    let token = handset.token();
    let pressed: Vec<Page> = (0..4).map(|_| handset.post("/ask", &format!("token={token}"))).collect();
    assert!(pressed.iter().all(|page| page.status == 303 && page.to.as_deref() == Some("/asked")));
    handset.until("/asked", "Your pump is giving the dose");
    pump.advance("11 min");
    // The page that was sent once more by the browser, long after, is still the same request.
    handset.post("/ask", &format!("token={token}"));
    assert!(handset.get("/asked").text.contains("Your pump is giving the dose"));
    assert_eq!(it.begun(), 1);
}

#[test]
fn too_soon_is_said_with_the_time_and_that_the_pump_decides_and_nothing_is_given() {
    let it = beside("handset-too-soon");
    let (pump, handset) = (&it.pump, &it.handset);
    let token = handset.token();
    handset.post("/ask", &format!("token={token}"));
    handset.until("/asked", "Your pump is giving the dose");
    pump.advance("30 min");
    let token = handset.token();
    handset.post("/ask", &format!("token={token}"));
    let page = handset.until("/asked", "It is too soon after the last dose.");
    assert!(
        page.text.contains("The pump decides when you ask.") && page.text.contains("Not before 12:"),
        "{}",
        plain(&page.text)
    );
    assert!(page.text.contains("lockout"), "the pump's own word stands below");
    let log = handset.get("/log").text;
    assert!(
        log.contains("The dose has begun") && log.contains("It is too soon after the last dose."),
        "{}",
        plain(&log)
    );
    assert_eq!(it.begun(), 1);
}

//= requirements/handset.md#not-known-yet
//= type=test
//# While an outcome is unknown the handset MUST say that it is not known yet and that one must not ask again, and keep asking the pump itself.
#[test]
fn the_answer_is_lost_the_handset_is_killed_and_the_next_start_tells_the_truth_of_one_dose() {
    let it = beside("handset-killed");
    let token = it.handset.token();
    // Twice its status and a nonce come through; that the dose has begun is lost.
    it.radio.lets_through(3);
    it.handset.post("/ask", &format!("token={token}"));
    let page = it.handset.until("/asked", "It is not known yet whether the dose started.");
    assert!(page.text.contains("Do not ask again.") && page.text.contains("The handset keeps asking your pump"));
    assert_eq!(it.begun(), 1, "the pump had heard");

    let it = it.again();
    let page = it.handset.until("/asked", "It is not known yet whether the dose started.");
    assert!(!page.text.contains("giving the dose") && !page.text.contains("Nothing was asked for"));
    assert_eq!(it.handset.get("/ask").to.as_deref(), Some("/asked"), "no second request can be made");
    it.handset.post("/ask", "token=11111111111111111111111111111111");

    it.radio.lets_through(i64::MAX);
    it.handset.until("/asked", "Your pump is giving the dose");
    assert_eq!(it.begun(), 1, "and it is still one");
}

//= requirements/handset.md#intent-kept
//= type=test
//# The handset MUST store a request and its id before sending it.
#[test]
fn a_handset_killed_right_after_the_press_tells_what_became_of_it_whatever_that_was() {
    let it = beside("handset-killed-at-once");
    let token = it.handset.token();
    it.handset.post("/ask", &format!("token={token}"));
    let it = it.again();
    for _ in 0..500 {
        let text = it.handset.get("/asked").text;
        let began = text.contains("Your pump is giving the dose");
        if began || text.contains("Nothing was asked for") {
            assert_eq!(it.begun(), u8::from(began), "{}", plain(&text));
            // The same page sent again by the browser asks for nothing more.
            it.handset.post("/ask", &format!("token={token}"));
            assert_eq!(it.begun(), u8::from(began));
            return;
        }
        pause();
    }
    panic!("never known: {}", plain(&it.handset.get("/asked").text));
}

#[test]
fn another_site_in_the_browser_asks_for_nothing() {
    let it = beside("handset-stranger");
    let handset = &it.handset;
    let token = handset.token();
    let foreign = handset.send(
        "POST",
        "/ask",
        "origin: http://evil.example\r\nsec-fetch-site: cross-site\r\n",
        &format!("token={token}"),
    );
    assert_eq!(foreign.status, 403);
    let mute = handset.send("POST", "/ask", "", &format!("token={token}"));
    assert_eq!(mute.status, 403);
    assert_eq!(it.begun(), 0);
    assert!(handset.get("/").text.contains("Ask for a dose"));
}

//= requirements/handset.md#age-of-what-it-shows
//= type=test
//# The handset MUST show the age of what the pump said and grey it when it is older than its limit.
#[test]
fn with_the_pump_out_of_reach_what_is_shown_says_how_old_it_is_and_no_dose_is_asked_for() {
    let Beside { folder, pump, handset, bed: _, radio: _ } = beside("handset-away");
    assert!(handset.get("/").text.contains("Read from the pump just now"));
    pump.kill();
    let token = handset.token();
    handset.post("/ask", &format!("token={token}"));
    handset.until("/asked", "no dose was asked for");
    assert!(handset.get("/alarms").text.contains("The handset cannot hear your pump"));
    handset.kill();
    // Started anew without a pump, it shows what it heard last and since when.
    let handset = Handset::start(&folder.join("handset"), "127.0.0.1:9");
    assert!(handset.get("/").text.contains("Read from the pump"));
}

#[test]
fn the_beeping_gets_a_name_what_to_do_and_a_number_to_call() {
    let it = beside("handset-beeps");
    let (pump, handset) = (&it.pump, &it.handset);
    handset.post("/person", "name=Demo+Penelope&born=1961-03-04&night_phone=030+000+0417&emergency_phone=112");
    pump.tell(json!({"drive": "stalls", "for": "6 h"})).unwrap();
    pump.advance("5 h");
    let page = handset.get("/alarms");
    assert!(
        page.text.contains("No medicine is given") && page.text.contains("Call your team now, day or night"),
        "{}",
        plain(&page.text)
    );
    assert!(page.text.contains("tel:0300000417") && page.text.contains("the drive does not turn"));
    let state = handset.get("/state.json");
    assert!(state.text.contains("\"sounds\":\"high\""), "{}", state.text);
    handset.post("/alarms/silence", "alarm=1");
    assert!(handset.get("/state.json").text.contains("\"sounds\":\"none\""));
    assert!(handset.get("/").text.contains("No medicine is given"), "the words stay");
}

//= requirements/handset.md#alarms-explained
//= type=test
//# A silence on the handset MUST end by itself and end at once when the link is lost.
#[test]
fn a_silenced_handset_sounds_again_as_soon_as_the_pump_is_out_of_reach() {
    let Beside { folder: _, pump, handset, bed: _, radio: _ } = beside("handset-silence");
    pump.tell(json!({"drive": "stalls", "for": "6 h"})).unwrap();
    pump.advance("5 h");
    handset.get("/alarms");
    // An alarm that the pump itself has not silenced: another's code is sent, so only the handset falls silent.
    handset.post("/alarms/silence", "alarm=255");
    assert!(handset.get("/state.json").text.contains("\"sounds\":\"none\""));
    pump.kill();
    handset.get("/alarms");
    assert!(handset.get("/state.json").text.contains("\"sounds\":\"high\""));
}

//= requirements/handset.md#after-a-scan
//= type=test
//# The handset MUST read the pump twice after a scan before it says that the pump reports turning.
#[test]
fn after_a_scan_the_pump_is_read_twice_and_a_drive_that_stands_is_for_now() {
    let Beside { folder: _, pump, handset, bed: _, radio: _ } = beside("handset-scan");
    let good = handset.post("/scan", "");
    assert!(good.text.contains("was read twice and says that it is turning"), "{}", plain(&good.text));
    pump.tell(json!({"drive": "stalls", "for": "6 h"})).unwrap();
    pump.advance("5 h");
    let bad = handset.post("/scan", "");
    assert!(bad.text.contains("does not report that it is turning") && !bad.text.contains("says that it is turning."));
    pump.kill();
    assert!(handset.post("/scan", "").text.contains("could not be read twice"));
}

#[test]
fn what_the_patient_wrote_is_there_after_a_kill_and_waits_for_the_clinic() {
    let Beside { folder, pump, handset, bed: _, radio: _ } = beside("handset-diary");
    let page = handset.post("/diary", "pain=6&symptom=itch&doing=gardening&sleep=4");
    assert!(
        page.text.contains("Kept") && page.text.contains("1 note waits to reach your team"),
        "{}",
        plain(&page.text)
    );
    let wrong = handset.post("/diary", "pain=12&note=stays");
    assert!(
        wrong.text.contains("stays</textarea>") && wrong.text.contains("You entered “12”"),
        "{}",
        plain(&wrong.text)
    );
    handset.kill();
    let handset = Handset::start(&folder.join("handset"), &pump.at);
    assert!(handset.get("/diary").text.contains("Itching"));
    assert!(handset.get("/team").text.contains("waits to reach your team"));
}

//= requirements/handset.md#card-for-strangers
//= type=test
//# The card's code MUST open what an emergency room needs without an account and without the clinic.
#[test]
fn the_card_says_drug_dose_and_what_a_stop_does_with_no_pump_in_reach() {
    let Beside { folder, pump, handset, bed: _, radio: _ } = beside("handset-card");
    handset.post("/person", "name=Demo+Penelope&born=1961-03-04&clinic=Ithaca&day_phone=030+1");
    handset.kill();
    pump.kill();
    let handset = Handset::start(&folder.join("handset"), "127.0.0.1:9");
    let card = handset.get("/card").text;
    assert!(
        card.contains("Demo Penelope") && card.contains("morphine") && card.contains("withdrawal begins within a day"),
        "{}",
        plain(&card)
    );
    assert!(card.contains("class=\"code\"") && !card.contains("http://") && !card.contains("https://"));
    assert!(handset.get("/travel").text.contains("Ich trage eine eingepflanzte Medikamentenpumpe"));
}

//= requirements/handset.md#locked-view
//= type=test
//# The locked view MUST NOT show drug names, and data at rest are encrypted.
#[test]
fn on_the_bus_the_locked_view_tells_that_an_alarm_is_on_and_no_drug_no_dose_no_name() {
    let it = beside("handset-locked");
    let (pump, handset) = (&it.pump, &it.handset);
    handset.post("/person", "name=Demo+Penelope&born=&pin=4711&day_phone=030+1");
    pump.tell(json!({"drive": "stalls", "for": "6 h"})).unwrap();
    pump.advance("5 h");
    for path in ["/", "/card", "/ask", "/alarms", "/diary", "/person"] {
        assert_eq!(handset.get(path).to.as_deref(), Some("/locked"), "{path}");
    }
    let locked = handset.get("/locked").text;
    for secret in ["morphine", "mcg", "microgram", "Penelope"] {
        assert!(!locked.contains(secret), "{secret}");
    }
    assert_eq!(handset.post("/ask", "token=00000000000000000000000000000000").to.as_deref(), Some("/locked"));
    assert!(handset.post("/locked", "pin=4712").text.contains("is not the right number"));
    assert_eq!(handset.post("/locked", "pin=4711").to.as_deref(), Some("/"));
    assert_eq!(it.begun(), 0);
    for file in std::fs::read_dir(it.folder.join("handset")).unwrap().flatten().filter(|file| file.path().is_file()) {
        let bytes = std::fs::read(file.path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Penelope"), "{:?}", file.path());
    }
}

//= requirements/handset.md#the-pumps-own-words
//= type=test
//# The handset MUST show a refusal in the pump's reason and its not-before, and decide no limit itself.
#[test]
fn the_handset_asks_even_where_it_expects_a_no_for_the_pump_decides() {
    let it = beside("handset-decides-nothing");
    let (pump, handset) = (&it.pump, &it.handset);
    let token = handset.token();
    handset.post("/ask", &format!("token={token}"));
    handset.until("/asked", "Your pump is giving the dose");
    // What the handset shows is old: the lockout has passed in the pump meanwhile, and the pump grants.
    pump.advance("4 h");
    pump.advance("10 min");
    let page = handset.get("/ask");
    assert!(page.text.contains("Not before"), "as far as the handset knows: {}", plain(&page.text));
    let token = handset.token();
    handset.post("/ask", &format!("token={token}"));
    handset.until("/asked", "Your pump is giving the dose");
    assert_eq!(it.begun(), 2);
}

//= requirements/handset.md#only-the-patient-asks
//= type=test
//# The handset MUST say, where a dose is asked for, that nobody asks for a patient who sleeps, and allow no proxy by default.
#[test]
fn every_language_tells_carers_at_the_button_never_to_ask_for_a_sleeper() {
    let it = beside("handset-sleeper");
    let handset = &it.handset;
    for (language, words) in [
        ("en", "never ask for someone who sleeps"),
        ("de", "nie für jemanden anfordern, der schläft"),
        ("ar", "لا تطلبوا أبدًا لشخص نائم"),
    ] {
        let page = handset.send("GET", "/ask", &format!("cookie: view={language}....\r\n"), "");
        assert!(page.text.contains(words), "{language}: {}", plain(&page.text));
    }
}

#[test]
fn a_lesson_shows_everything_and_the_pump_hears_of_nothing() {
    let it = beside("handset-practice");
    let (pump, handset) = (&it.pump, &it.handset);
    handset.post("/practice", "do=begin");
    let token = handset.token();
    let page = handset.post("/ask", &format!("token={token}"));
    assert!(page.text.contains("Your pump is giving the dose") && page.text.contains("Practice: no pump is asked"));
    let page = handset.post("/ask", &format!("token={}", handset.token()));
    assert!(page.text.contains("It is too soon after the last dose."));
    handset.post("/practice", "do=end");
    pump.advance("10 min");
    assert_eq!(it.begun(), 0);
    assert!(handset.get("/").text.contains("4 of 4 left"));
}
