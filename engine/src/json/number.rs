//! Whether a number stays the same when it is read and written again.
//!
//! A value keeps whole numbers of 64 bits and fractions of double precision. Anything longer would come out as another
//! number, which nobody would notice; so it is refused instead.

use std::cmp::Ordering;

use serde_json::Number;

/// Shorter numbers without an exponent have at most 15 digits, which double precision keeps.
const CERTAINLY_KEPT: usize = 15;

/// The first number of a JSON text that would come out as another one.
///
/// The text has to be valid JSON; of any other the answer means nothing.
pub fn changed(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'"' => at + 1 + string_length(bytes.get(at + 1..).unwrap_or_default()),
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length =
                    rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
                let end = at + length.count();
                let number = text.get(at..end).unwrap_or_default();
                if !is_kept(number) {
                    return Some(number);
                }
                end
            }
            _ => at + 1,
        };
    }
    None
}

/// Bytes up to and with the quotation mark that ends a string.
fn string_length(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn is_kept(number: &str) -> bool {
    let has_exponent = number.contains(['e', 'E']);
    if number.len() <= CERTAINLY_KEPT && !has_exponent {
        return true;
    }
    if number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok() {
        return true;
    }
    // Rust reads a fraction as the nearest one, and writes the fewest digits that name it: as a value does.
    let Ok(read) = number.parse::<f64>() else { return false };
    read.is_finite() && Decimal::of(number) == Decimal::of(&format!("{read:e}"))
}

/// A number as its digits, without zeros at either end, and the place of the point.
#[derive(PartialEq)]
struct Decimal {
    negative: bool,
    digits: String,
    point: i64,
}

impl Decimal {
    fn of(number: &str) -> Self {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let exponent = exponent.parse::<i64>().unwrap_or(i64::MAX / 2);
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let leading = all.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Self { negative: false, digits, point: 0 };
        }
        let place = |length: usize| i64::try_from(length).unwrap_or(i64::MAX / 4);
        let point = (place(whole.len()) - place(leading)).saturating_add(exponent);
        Self { negative, digits, point }
    }
}

/// Whether a number has no fraction, however it is written: 3, 3.0 and 3e2 are whole.
pub fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// The same number as an integer of 64 bits, if it is one.
pub fn integer(number: &Number) -> Option<Number> {
    let whole = exact(number)?;
    i64::try_from(whole).map(Number::from).or_else(|_| u64::try_from(whole).map(Number::from)).ok()
}

/// Compares without rounding either side.
pub fn compare(left: &Number, right: &Number) -> Ordering {
    if let (Some(left), Some(right)) = (exact(left), exact(right)) {
        return left.cmp(&right);
    }
    // One has a fraction or is larger than any integer here: then the nearest fraction of the other tells them apart,
    // but for integers beyond 53 bits, whose floor decides.
    let fraction = |number: &Number| number.as_f64().unwrap_or_default();
    match (exact(left), exact(right)) {
        (Some(whole), None) if is_small(fraction(right)) => against(whole, fraction(right)),
        (None, Some(whole)) if is_small(fraction(left)) => against(whole, fraction(left)).reverse(),
        _ => fraction(left).total_cmp(&fraction(right)),
    }
}

/// An integer beside a fraction that is none.
fn against(whole: i128, fraction: f64) -> Ordering {
    if whole <= fraction.floor() as i128 { Ordering::Less } else { Ordering::Greater }
}

fn is_small(number: f64) -> bool {
    number.abs() < 2_f64.powi(100)
}

fn exact(number: &Number) -> Option<i128> {
    let fraction = || number.as_f64().filter(|number| number.fract() == 0.0 && is_small(*number));
    number.as_i128().or_else(|| fraction().map(|number| number as i128))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).expect(text)
    }

    #[test]
    fn what_would_be_rounded_is_found() {
        for text in [
            "123456789012345678901234567890",
            "18446744073709551616",
            "-9223372036854775809",
            "3.14159265358979323846",
            "0.10000000000000001",
            "9007199254740993.0",
            "1e-400",
            "1.00000000000000000001e3",
        ] {
            let json = format!("{{\"1{text}\": [7, {text}]}}");
            assert_eq!(changed(&json), Some(text));
        }
    }

    #[test]
    fn what_is_found_in_order_comes_out_as_it_went_in() {
        for text in [
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "0.10",
            "1.0",
            "1e2",
            "1E+2",
            "-0",
            "0.30000000000000004",
            "3.141592653589793",
            "5e-324",
            "1.7976931348623157e308",
            "100000000000000000000",
            "0.000000000000000000000000000001",
            "0e999999999999999999999",
        ] {
            assert_eq!(changed(text), None, "{text}");
            let value: Value = serde_json::from_str(text).expect(text);
            assert!(Decimal::of(&value.to_string()) == Decimal::of(text), "{text} became {value}");
        }
        assert_eq!(changed("\"\\\"123456789012345678901234567890"), None, "a text is no number");
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        for (text, whole) in
            [("3", true), ("3.0", true), ("1e2", true), ("1e300", true), ("3.5", false), ("-0.0", true)]
        {
            assert_eq!(is_whole(&number(text)), whole, "{text}");
        }
        assert_eq!(integer(&number("120.0")), Some(Number::from(120)));
        assert_eq!(integer(&number("1e19")), Some(Number::from(10_000_000_000_000_000_000_u64)));
        assert_eq!([integer(&number("1e300")), integer(&number("0.5"))], [None, None]);
    }

    #[test]
    fn numbers_are_compared_without_rounding() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, expected) in [
            ("9007199254740993", "9007199254740992.0", Greater),
            ("9007199254740993", "9007199254740993", Equal),
            ("1", "1.0", Equal),
            ("1", "1.5", Less),
            ("2", "1.5", Greater),
            ("-2", "-1.5", Less),
            ("18446744073709551615", "1e300", Less),
            ("-1e300", "5", Less),
            ("0.1", "0.2", Less),
        ] {
            assert_eq!(compare(&number(left), &number(right)), expected, "{left} {right}");
            assert_eq!(compare(&number(right), &number(left)), expected.reverse(), "{right} {left}");
        }
        assert_eq!(compare(&json!(0).as_number().cloned().expect("0"), &number("-0.0")), Equal);
    }
}
