//! Addresses and limits of the services.

use std::collections::BTreeMap;

use twin_core::{Error, Result};

/// A service with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Features of the Géoplateforme (WFS 2.0).
    Wfs,
    /// Files of the Géoplateforme.
    Download,
    /// Hydrometry of Hub'Eau.
    HubEau,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::Wfs, Self::Download, Self::HubEau];

    /// Name in options.
    pub fn code(self) -> &'static str {
        match self {
            Self::Wfs => "wfs",
            Self::Download => "download",
            Self::HubEau => "hubeau",
        }
    }

    /// Requests by second that the service allows. Documented 30 for WFS; 10 for the download service,
    /// where one was observed; none stated for Hub'Eau.
    pub fn requests_per_s(self) -> f64 {
        match self {
            Self::Wfs => 20.0,
            Self::Download => 1.0,
            Self::HubEau => 5.0,
        }
    }

    fn default_base(self) -> &'static str {
        match self {
            Self::Wfs => "https://data.geopf.fr/wfs/ows",
            Self::Download => "https://data.geopf.fr",
            Self::HubEau => "https://hubeau.eaufrance.fr/api/v2/hydrometrie",
        }
    }
}

/// Addresses of the services; a mirror or an intranet copy takes the place of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    bases: BTreeMap<Service, String>,
}

impl Default for Services {
    fn default() -> Self {
        Self { bases: Service::ALL.map(|s| (s, s.default_base().to_owned())).into() }
    }
}

impl Services {
    /// With other addresses, each written `service=https://…`.
    ///
    /// # Errors
    /// An unknown service, or what is no address.
    pub fn with(given: &[String]) -> Result<Self> {
        let mut services = Self::default();
        for text in given {
            let parts = text.split_once('=');
            let known = parts.and_then(|(code, url)| {
                let service = Service::ALL.into_iter().find(|s| s.code() == code.trim())?;
                let is_url = url.starts_with("http://") || url.starts_with("https://");
                is_url.then(|| (service, url.trim_end_matches('/').to_owned()))
            });
            let Some((service, url)) = known else {
                let codes = Service::ALL.map(Service::code).join(", ");
                return Err(Error::input(
                    format!("--base-url {text}"),
                    format!("écrire SERVICE=https://… ; services : {codes}"),
                    format!("write SERVICE=https://…; services: {codes}"),
                ));
            };
            services.bases.insert(service, url);
        }
        Ok(services)
    }

    /// Address of a service.
    pub fn base(&self, service: Service) -> &str {
        self.bases.get(&service).map_or(service.default_base(), String::as_str)
    }

    /// An address that an index of the Géoplateforme gives, on the address in use: the mirror where there
    /// is one, and never unencrypted where the service is not.
    pub fn on_download_host(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        let (host, path) = rest.split_once('/')?;
        (host == "data.geopf.fr").then(|| format!("{}/{path}", self.base(Service::Download)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_takes_the_place_of_a_service_and_of_the_addresses_in_its_indexes() {
        let services = Services::with(&["download=http://127.0.0.1:9/x/".to_owned()]).unwrap();
        assert_eq!(services.base(Service::Download), "http://127.0.0.1:9/x");
        let tile = "http://data.geopf.fr/telechargement/download/a.laz";
        let on_mirror = services.on_download_host(tile).unwrap();
        assert_eq!(on_mirror, "http://127.0.0.1:9/x/telechargement/download/a.laz");
        let own = Services::default().on_download_host(tile).unwrap();
        assert!(own.starts_with("https://data.geopf.fr/"));
        assert!(services.on_download_host("https://elsewhere.example/a.laz").is_none());
        for bad in ["ftp=https://x", "wfs", "wfs=file:///etc/passwd"] {
            assert!(Services::with(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
