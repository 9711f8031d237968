//! Student's distribution, by the incomplete beta function's continued fraction (Press and others, Numerical Recipes §6.4).

/// Probability of a value below `t` at `freedom` > 0 degrees of freedom.
#[must_use]
pub fn below(t: f64, freedom: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(0.5 * freedom, 0.5, freedom / (freedom + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// I_x(a, b), the regularised incomplete beta function.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    if x < (a + 1.0) / (a + b + 2.0) {
        libm::exp(front) * fraction(a, b, x) / a
    } else {
        1.0 - libm::exp(front) * fraction(b, a, 1.0 - x) / b
    }
}

/// Lentz's method.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guarded = |value: f64| if libm::fabs(value) < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for m in 1..=300 {
        let m = f64::from(m);
        for term in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guarded(1.0 + term * d);
            c = guarded(1.0 + term / c);
            h *= c * d;
        }
        if libm::fabs(c * d - 1.0) < 1e-14 {
            break;
        }
    }
    h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_its_known_values() {
        // one degree is Cauchy's: ½ + atan(t)/π; two: ½ + t / (2√(2 + t²)); tables for the others
        for t in [-3.0, -0.4, 0.0, 1.0, 7.5] {
            assert!((below(t, 1.0) - (0.5 + libm::atan(t) / std::f64::consts::PI)).abs() < 1e-12, "{t}");
            assert!((below(t, 2.0) - (0.5 + t / (2.0 * libm::sqrt(2.0 + t * t)))).abs() < 1e-12, "{t}");
        }
        for (freedom, t) in [(10.0, 2.228_138_852), (30.0, 2.042_272_456), (100.0, 1.983_971_519)] {
            assert!((below(t, freedom) - 0.975).abs() < 1e-9, "{freedom}");
        }
        assert!((below(1.959_963_985, 1e7) - 0.975).abs() < 1e-6);
    }
}
