//! Addresses and limits of the services.

use std::collections::BTreeMap;

use twin_core::{Error, Result};

/// A service with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Features of the Géoplateforme (WFS 2.0).
    Wfs,
    /// Files of the Géoplateforme, and the feeds that list them.
    Download,
    /// Rasters of the Géoplateforme (WMS-R).
    Raster,
    /// Hydrometry of Hub'Eau.
    HubEau,
    /// Procedures and risks by commune of Géorisques.
    Georisques,
    /// Files of Géorisques.
    GeorisquesFiles,
    /// Identifiers of buildings (RNB).
    Rnb,
    /// Census of INSEE (Melodi).
    Insee,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 8] = [
        Self::Wfs,
        Self::Download,
        Self::Raster,
        Self::HubEau,
        Self::Georisques,
        Self::GeorisquesFiles,
        Self::Rnb,
        Self::Insee,
    ];

    /// Name in options, address, and requests by second that it may be asked.
    ///
    /// Limits: documented 30/s for WFS, 40/s for WMS-R and 10/s for the feeds of the download service,
    /// where 1/s was observed for rasters and files; INSEE documents 30 a minute; the others state none
    /// that could be found.
    fn facts(self) -> (&'static str, &'static str, f64) {
        match self {
            Self::Wfs => ("wfs", "https://data.geopf.fr/wfs/ows", 20.0),
            Self::Download => ("download", "https://data.geopf.fr", 1.0),
            Self::Raster => ("raster", "https://data.geopf.fr/wms-r", 1.0),
            Self::HubEau => ("hubeau", "https://hubeau.eaufrance.fr/api/v2/hydrometrie", 5.0),
            Self::Georisques => ("georisques", "https://georisques.gouv.fr/api/v1", 5.0),
            Self::GeorisquesFiles => ("georisques-files", "https://files.georisques.fr", 1.0),
            Self::Rnb => ("rnb", "https://rnb-api.beta.gouv.fr/api/alpha", 5.0),
            Self::Insee => ("insee", "https://api.insee.fr/melodi", 0.5),
        }
    }

    /// Name in options.
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    /// Requests by second that it may be asked.
    pub fn requests_per_s(self) -> f64 {
        self.facts().2
    }

    fn default_base(self) -> &'static str {
        self.facts().1
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
