//! Times as the agent's clock on the wall shows them.
//!
//! Only `Local::of` asks the browser, which knows the time zone and its changes; the wording is plain arithmetic.

use causette_shared::time::Timestamp;
use js_sys::Date;
use wasm_bindgen::JsValue;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// An instant on the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Year of the Gregorian calendar.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
}

impl Local {
    /// Reads an instant in the browser's time zone.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = Date::new(&JsValue::from_f64(at.0 as f64));
        Self {
            year: i32::try_from(date.get_full_year()).unwrap_or(1970),
            month: date.get_month() + 1,
            day: date.get_date(),
            hour: date.get_hours(),
            minute: date.get_minutes(),
        }
    }

    /// Days since 1970-01-01, so that days can be compared and counted (H. Hinnant, "chrono-compatible low-level date
    /// algorithms", `days_from_civil`).
    #[must_use]
    pub fn day_number(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// "14:05".
    #[must_use]
    pub fn clock(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }

    /// "3 Nov", with the year where it is not this one.
    #[must_use]
    pub fn date(self, today: Self) -> String {
        let month = MONTHS.get(self.month.saturating_sub(1) as usize).copied().unwrap_or("");
        if self.year == today.year {
            format!("{} {month}", self.day)
        } else {
            format!("{} {month} {}", self.day, self.year)
        }
    }

    /// "Today", "Yesterday", "Tuesday" in the last week, else the date.
    #[must_use]
    pub fn day(self, today: Self) -> String {
        let number = self.day_number();
        match today.day_number() - number {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            // 1970-01-01 was a Thursday.
            2..=6 => WEEKDAYS[(number + 4).rem_euclid(7) as usize].to_owned(),
            _ => self.date(today),
        }
    }

    /// "3 Nov, 14:05", or "Today, 14:05".
    #[must_use]
    pub fn full(self, today: Self) -> String {
        format!("{}, {}", self.day(today), self.clock())
    }
}

/// The instant as machines read it (ISO 8601), empty where it is no date.
#[must_use]
pub fn machine_time(at: Timestamp) -> String {
    let date = Date::new(&JsValue::from_f64(at.0 as f64));
    if date.get_time().is_nan() { String::new() } else { date.to_iso_string().into() }
}

/// Says how long ago something was, short enough for a list: "now", "5 min", "3 h", then the day.
#[must_use]
pub fn ago(now: Timestamp, at: Timestamp, today: Local, day: Local) -> String {
    let minutes = now.since(at).as_secs() / 60;
    match minutes {
        0 => "now".to_owned(),
        1..=59 => format!("{minutes} min"),
        _ if today.day_number() == day.day_number() || minutes < 6 * 60 => format!("{} h", minutes / 60),
        _ => day.day(today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn local(year: i32, month: u32, day: u32) -> Local {
        Local { year, month, day, hour: 14, minute: 5 }
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn days_are_counted_across_months_and_leap_years() {
        assert_eq!(local(1970, 1, 1).day_number(), 0);
        assert_eq!(local(2000, 3, 1).day_number() - local(2000, 2, 28).day_number(), 2);
        assert_eq!(local(2026, 11, 21).day_number(), 20_778);
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn a_day_is_named_by_how_far_it_is() {
        let today = local(2026, 11, 21);
        assert_eq!(local(2026, 11, 21).day(today), "Today");
        assert_eq!(local(2026, 11, 20).day(today), "Yesterday");
        assert_eq!(local(2026, 11, 17).day(today), "Tuesday");
        assert_eq!(local(2026, 11, 14).day(today), "14 Nov");
        assert_eq!(local(2025, 12, 31).day(today), "31 Dec 2025");
        assert_eq!(local(2026, 11, 20).full(today), "Yesterday, 14:05");
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn the_list_says_how_long_ago() {
        let today = local(2026, 11, 21);
        let now = Timestamp(1_000_000_000);
        let minutes = |count: i64| Timestamp(now.0 - count * 60_000);
        assert_eq!(ago(now, minutes(0), today, today), "now");
        assert_eq!(ago(now, Timestamp(now.0 + 5_000), today, today), "now");
        assert_eq!(ago(now, minutes(59), today, today), "59 min");
        assert_eq!(ago(now, minutes(185), today, local(2026, 11, 20)), "3 h");
        assert_eq!(ago(now, minutes(900), today, local(2026, 11, 20)), "Yesterday");
    }
}
