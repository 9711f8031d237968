//! Whether the machine has the memory for circuits: the model cannot ask.

use doozy_cerebellum::{Parameters, parameters::Fault};

/// Memory that Linux counts as available, bytes; `None` where it cannot be asked.
#[must_use]
pub fn available() -> Option<u64> {
    std::fs::read_to_string("/proc/meminfo").ok().and_then(|told| available_in(&told))
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

/// That `circuits` at a time fit into what is available.
///
/// # Errors
/// If they do not, with what each needs and could have.
pub fn check(parameters: &Parameters, circuits: usize) -> Result<(), Fault> {
    let Some(bytes) = available() else { return Ok(()) };
    parameters.check_memory(bytes / circuits.max(1) as u64).map_err(|fault| Fault {
        unit: format!("{}, a share of what this machine has available for each of {circuits} at a time", fault.unit),
        ..fault
    })
}

#[cfg(test)]
mod tests {
    use doozy_cerebellum::Preset;

    use super::*;

    #[test]
    fn what_is_available_is_read_in_bytes() {
        let told = "MemTotal:       16266484 kB\nMemFree:          812312 kB\nMemAvailable:    9123456 kB\n";
        assert_eq!(available_in(told), Some(9_123_456 * 1_024));
        assert_eq!(available_in("MemTotal: 1 kB\n"), None);
        assert_eq!(available_in("MemAvailable: lots\n"), None);
    }

    #[test]
    fn more_circuits_than_memory_are_refused() {
        let small = Parameters::of(Preset::Small);
        assert_eq!(check(&small, 1), Ok(()));
        if let Some(bytes) = available() {
            let many = (bytes / small.memory() + 1) as usize * 2;
            let refused = check(&small, many).expect_err("so many do not fit");
            assert!(refused.to_string().contains("MiB, a share of what this machine has"), "{refused}");
        }
    }
}
