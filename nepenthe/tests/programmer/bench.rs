//! A browser without a screen, a pump in a simulated body, and hands.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use link::visit::Patience;
use nepenthe::virtual_pump::{Host, Options, Speed};
use programmer::{Programmer, router};
use serde_json::{Value, json};
use tower::ServiceExt;

/// 2026-11-25 08:00, a Wednesday.
pub const MORNING_MS: u64 = 1_795_593_600_000;
pub const PASSPHRASE: &str = "a passphrase of hers";
pub const SECOND: &str = "a passphrase of his";

/// What lies between programmer and pump: answers can be lost on it.
pub struct Air {
    address: String,
    /// How many more answers of the pump arrive.
    arrive: Arc<AtomicI64>,
}

impl Air {
    fn to(pump: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let arrive = Arc::new(AtomicI64::new(i64::MAX));
        let left = arrive.clone();
        std::thread::spawn(move || {
            for asker in listener.incoming().flatten() {
                let Ok(pump) = TcpStream::connect(pump) else { break };
                let (mut up, mut down) = (asker.try_clone().unwrap(), pump.try_clone().unwrap());
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut up, &mut down);
                    down.shutdown(Shutdown::Both)
                });
                let left = left.clone();
                std::thread::spawn(move || answers(pump, asker, &left));
            }
        });
        Self { address, arrive }
    }

    /// From now on so many answers arrive, and no more.
    pub fn lets_through(&self, answers: i64) {
        self.arrive.store(answers, Ordering::SeqCst);
    }
}

/// Frame by frame, as long as they arrive.
fn answers(mut pump: TcpStream, mut asker: TcpStream, left: &AtomicI64) {
    let mut length = [0; 2];
    while pump.read_exact(&mut length).is_ok() {
        let mut frame = vec![0; usize::from(u16::from_le_bytes(length))];
        if pump.read_exact(&mut frame).is_err() {
            break;
        }
        if left.fetch_sub(1, Ordering::SeqCst) > 0 && asker.write_all(&[&length[..], &frame].concat()).is_err() {
            break;
        }
    }
}

/// A programmer in a folder of its own, a pump, and what the browser holds.
pub struct Bench {
    pub pump: Option<Host>,
    /// Between it and the programmer.
    pub air: Air,
    router: Router,
    runtime: tokio::runtime::Runtime,
    cookie: String,
    /// What the last page said, without its marks.
    pub page: String,
    /// Its marks.
    pub html: String,
    /// The status of the last answer.
    pub status: u16,
    clock: Arc<AtomicU64>,
    pub folder: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Some(pump) = self.pump.take() {
            let _ = pump.stop();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn form<'a>(fields: &[(&'a str, &'a str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Bench {
    /// A programmer as it comes out of its box, beside a pump with presence at the skin.
    pub fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nepenthe-programmer-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let device = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/sim/devices/reference-20.toml");
        let pump = Host::start(
            &Options { catheter_cm: 90, serial: Some(4_711), ..Options::new(device) },
            &Speed::of(0),
            Box::new(|_, _| {}),
        )
        .unwrap();
        pump.command(json!({"presence": "on"})).unwrap();
        let air = Air::to(pump.telemetry);
        let clock = Arc::new(AtomicU64::new(MORNING_MS));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut bench = Self {
            pump: Some(pump),
            air,
            router: Router::new(),
            runtime,
            cookie: String::new(),
            page: String::new(),
            html: String::new(),
            status: 0,
            clock,
            folder,
        };
        bench.start();
        bench
    }

    /// The programmer's process begins, or begins again.
    pub fn start(&mut self) {
        let clock = self.clock.clone();
        let now = move || clock.load(Ordering::SeqCst);
        let patience = Patience { answer: Duration::from_millis(600), tries: 2 };
        self.router = router(Programmer::open(&self.folder, Arc::new(now), patience).unwrap());
    }

    /// Time passes for people and for the pump.
    pub fn passes(&mut self, minutes: u64) {
        self.clock.fetch_add(minutes * 60_000, Ordering::SeqCst);
        self.hand(json!({"advance": format!("{minutes} min")}));
    }

    /// A hand, a needle or a mishap at the pump.
    pub fn hand(&self, command: Value) -> Value {
        self.pump.as_ref().unwrap().command(command).unwrap()
    }

    /// What truly is.
    pub fn truth(&self) -> Value {
        self.pump.as_ref().unwrap().truth().unwrap()
    }

    fn call(&mut self, request: Request<Body>) -> Option<String> {
        let router = self.router.clone();
        let response = self.runtime.block_on(router.oneshot(request)).unwrap();
        self.status = response.status().as_u16();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if let Some(cookie) = header(header::SET_COOKIE) {
            self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        }
        let location = header(header::LOCATION);
        let bytes = self.runtime.block_on(to_bytes(response.into_body(), 8 << 20)).unwrap();
        self.html = String::from_utf8(bytes.to_vec()).unwrap();
        self.page = plain(&self.html);
        location
    }

    /// Opens a page, and the one it leads to.
    pub fn get(&mut self, path: &str) -> &str {
        let mut path = path.to_owned();
        for _ in 0..4 {
            let request = Request::get(&path).header(header::COOKIE, &self.cookie).body(Body::empty()).unwrap();
            match self.call(request) {
                Some(next) => path = next,
                None => break,
            }
        }
        &self.page
    }

    /// Fills in the form on the page that was opened last, and follows where it leads.
    pub fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> &str {
        self.send_all(path, form(fields))
    }

    /// The same with fields that are kept as a map.
    pub fn send_all(&mut self, path: &str, mut fields: BTreeMap<String, String>) -> &str {
        for name in ["token", "turn"] {
            if let Some(value) = value_of(&self.html, name) {
                fields.entry(name.to_owned()).or_insert(value);
            }
        }
        let body: Vec<String> = fields.iter().map(|(n, v)| format!("{}={}", quoted(n), quoted(v))).collect();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")))
            .unwrap();
        match self.call(request) {
            Some(next) => self.get(&next),
            None => &self.page,
        }
    }

    /// The fields of the forms on the page, as a browser would send them untouched.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for tag in self.html.split('<').filter(|tag| tag.starts_with("input ") && !tag.contains("type=\"hidden\"")) {
            let (Some(name), value) = (attribute(tag, "name"), attribute(tag, "value")) else { continue };
            let is_choice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"");
            if !is_choice || tag.contains(" checked") {
                all.insert(name, value.unwrap_or_default());
            }
        }
        for select in self.html.split("<select ").skip(1) {
            let chosen = select.split("</select>").next().unwrap_or_default();
            let chosen = chosen.split("<option ").find(|option| option.contains(" selected"));
            if let (Some(name), Some(option)) = (attribute(select, "name"), chosen) {
                all.insert(name, attribute(option, "value").unwrap_or_default());
            }
        }
        all
    }

    /// The page says this.
    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(self.page.contains(words), "{words:?} is not on the page:\n{}", self.page);
    }

    /// The page does not say this.
    #[track_caller]
    pub fn says_nothing_of(&self, words: &str) {
        assert!(!self.page.contains(words), "{words:?} is on the page:\n{}", self.page);
    }

    /// A clinician sets the device up, makes the file, pairs and compares the person.
    pub fn arrives(&mut self) {
        self.get("/");
        self.send("/first", &[("number", "7"), ("name", "Ada Demo"), ("passphrase", PASSPHRASE)]);
        self.get("/install/pair");
        let (address, card) = (self.air.address.clone(), self.pump.as_ref().unwrap().card.to_string());
        self.send("/install/pair", &[("address", &address), ("card", &card)]);
        self.says("Paired with pump 4711.");
        self.get("/files");
        self.send(
            "/files/make",
            &[("patient", "Penelope Demo"), ("born", "1961-03-04"), ("record", "D-17"), ("serial", "4711")],
        );
        self.send("/files/open", &[("serial", "4711")]);
        self.send("/identify", &[("id-born", "1961-03-04"), ("id-record", "d-17")]);
        self.says("Pump 4711");
    }

    /// The same, and the pump has run morphine 1 mg/mL at 0.24 mL/day for three days, since a prime.
    pub fn with_a_running_pump(&mut self) {
        self.with_a_started_pump();
        self.get("/install");
        self.send("/install/prime", &[]);
        self.signs();
        self.passes(3 * 24 * 60);
        self.comes_again();
        self.says("State running");
    }

    /// Somebody signs in, opens the file and compares the person.
    pub fn comes_again(&mut self) {
        self.get("/");
        self.send("/sign-in", &[("number", "7"), ("passphrase", PASSPHRASE)]);
        self.send("/files/open", &[("serial", "4711")]);
        self.send("/identify", &[("id-born", "1961-03-04"), ("id-record", "D-17")]);
    }

    /// The pump is implanted, filled and started; the path still holds no drug.
    pub fn with_a_started_pump(&mut self) {
        self.arrives();
        let card = self.pump.as_ref().unwrap().card.to_string();
        self.get("/install");
        self.send("/install/enrol", &[("card", &card), ("passphrase", PASSPHRASE)]);
        self.says("done");
        self.send("/install", &[("spinal", "600"), ("pump-piece", "300"), ("tip", "T10")]);
        self.says("catheter 900 mm, 0.198 mL, tip at T10: done");
        self.send("/acts", &[("act", "clock")]);
        self.hand(json!({"needle": "draws off"}));
        self.hand(json!({"needle": "fills", "volume": "18 mL", "mixture": "1 mg/mL morphine"}));
        self.refills("18 mL", &[]);
        self.get("/order");
        self.send_all("/order", first_order());
        self.says("Order 1 in place of order 0");
        self.signs();
        self.says("Read back: what runs is what was signed.");
        self.says("It gives nothing yet");
        self.send("/acts", &[("act", "resume")]);
        self.says("done");
        self.get("/pump");
        self.says("State running");
    }

    /// Walks a refill to its summary. `other` replaces fields of a step.
    pub fn refills(&mut self, filled: &str, other: &[(&str, &str)]) {
        self.get("/refill");
        let steps: [&[(&str, &str)]; 7] = [
            &[("symptoms", "no")],
            &[
                ("drug0", "morphine"),
                ("strength0", "1 mg/mL"),
                ("lot0", "L1"),
                ("expiry0", "2027-03-01"),
                ("other", "yes"),
            ],
            &[
                ("port", "reservoir"),
                ("needle", "22"),
                ("drawn-back", "expected"),
                ("attempts", "1"),
                ("port-note", ""),
            ],
            &[("drawn", "0 mL"), ("emptied", "yes")],
            &[("second-draw-back", "expected"), ("pain", "no"), ("swelling", "no"), ("resistance", "no")],
            &[("filled", filled), ("vials", filled)],
            &[("visit", "2026-12-15")],
        ];
        for step in steps {
            let mut fields = form(step);
            for (name, value) in other {
                fields.entry((*name).to_owned()).and_modify(|typed| *typed = (*value).to_owned());
            }
            self.send_all("/refill", fields);
        }
        self.says("was watched");
        self.send("/refill", &[("watched", "yes")]);
        self.says("Refill done");
        self.send("/refill/abort", &[("why", "finished")]);
    }

    /// Signs what waits, held at the pump.
    pub fn signs(&mut self) {
        self.send("/order/review", &[("presence", "yes"), ("large", "yes"), ("passphrase", PASSPHRASE)]);
    }
}

/// 0.24 mg/day of morphine 1 mg/mL.
pub fn first_order() -> BTreeMap<String, String> {
    form(&[
        ("drug0", "morphine"),
        ("strength0", "1 mg/mL"),
        ("hour0", "0.2 mg"),
        ("four0", "0.4 mg"),
        ("day0", "1 mg"),
        ("mode", "continuous"),
        ("basal", "0.24 mg/day"),
        ("alarm", "2 mL"),
        ("alarm-days", "14"),
        ("gap", "24 h"),
        ("threshold", "5 %"),
        ("fallback", "0.1 mg/day"),
        ("emergency", "minimum"),
        ("signatures", "1"),
        ("reason", "first start"),
    ])
}

fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in html.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    let text = text.replace("&amp;", "&").replace("&quot;", "\"").replace("&#39;", "'").replace("&gt;", ">");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let rest = tag.get(start..)?;
    rest.split('"').next().map(|value| value.replace("&amp;", "&"))
}

fn value_of(html: &str, name: &str) -> Option<String> {
    let tag = html.split('<').find(|tag| tag.starts_with("input ") && tag.contains(&format!("name=\"{name}\"")))?;
    attribute(tag, "value")
}

fn quoted(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes().map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
