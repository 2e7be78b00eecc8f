//! Tokens that are made here: claims in JSON, signed with a key of the service (RFC 7515, compact form).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature;
use ring::signature::EcdsaKeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::Timestamp;
use crate::domain::login::Algorithm;
use crate::domain::login::Claims;
use crate::domain::secret::Secret;
use crate::fetch::FetchError;
use crate::fetch::Kind;

/// Makes and signs a token.
///
/// # Errors
///
/// [`Kind::Settings`] where the key cannot be used. No message holds any of it.
pub(super) fn token(claims: &Claims, now: Timestamp) -> Result<Secret, FetchError> {
    let mut header = json!({"alg": name(claims.algorithm), "typ": "JWT"});
    if let (Some(id), Value::Object(header)) = (&claims.key_id, &mut header) {
        header.insert("kid".to_owned(), Value::from(id.as_str()));
    }
    let mut body: Map<String, Value> = claims.claims.iter().cloned().collect();
    body.insert("iat".to_owned(), Value::from(now.timestamp()));
    body.insert("exp".to_owned(), Value::from((now + claims.good_for).timestamp()));
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(Value::Object(body).to_string()));
    let signature = URL_SAFE_NO_PAD.encode(signature(claims, signed.as_bytes())?);
    Ok(Secret::new(format!("{signed}.{signature}")))
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Es256 => "ES256",
        Algorithm::Rs256 => "RS256",
    }
}

fn signature(claims: &Claims, message: &[u8]) -> Result<Vec<u8>, FetchError> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(claims.key.reveal().as_bytes())
        .map_err(|_| unusable("holds no key that begins with `-----BEGIN PRIVATE KEY-----`", claims.algorithm))?;
    let random = SystemRandom::new();
    match claims.algorithm {
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der(), &random);
            let pair = pair.map_err(|_| unusable("is no key of the curve P-256", claims.algorithm))?;
            let signed = pair.sign(&random, message).map_err(|_| unusable("could not sign", claims.algorithm))?;
            Ok(signed.as_ref().to_vec())
        }
        Algorithm::Rs256 => {
            let pair = rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der());
            let pair = pair.map_err(|_| unusable("is no RSA key of 2048 to 4096 bits", claims.algorithm))?;
            let mut signed = vec![0; pair.public().modulus_len()];
            pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut signed)
                .map_err(|_| unusable("could not sign", claims.algorithm))?;
            Ok(signed)
        }
    }
}

fn unusable(why: &str, algorithm: Algorithm) -> FetchError {
    let name = name(algorithm);
    let message = format!("the key that signs calls ({name}) {why}; name the key file as the vendor gave it, in PEM with PKCS #8");
    FetchError::new(Kind::Settings, message)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use ring::signature::KeyPair as _;
    use ring::signature::UnparsedPublicKey;

    use super::*;

    fn pem(der: &[u8]) -> Secret {
        Secret::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(der)
        ))
    }

    fn claims(algorithm: Algorithm, key: Secret) -> Claims {
        Claims {
            algorithm,
            key,
            key_id: Some("KEY1".to_owned()),
            claims: vec![("iss".to_owned(), json!("issuer"))],
            good_for: TimeDelta::minutes(15),
        }
    }

    #[test]
    fn a_token_bears_its_claims_and_the_signature_of_its_key() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
        let now = Timestamp::from_timestamp(1_790_000_000, 0).unwrap();
        let token = token(&claims(Algorithm::Es256, pem(der.as_ref())), now).unwrap();
        let parts: Vec<&str> = token.reveal().split('.').collect();
        let read = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        assert_eq!(read(parts[0]), r#"{"alg":"ES256","typ":"JWT","kid":"KEY1"}"#);
        assert_eq!(read(parts[1]), r#"{"iss":"issuer","iat":1790000000,"exp":1790000900}"#);
        let message = format!("{}.{}", parts[0], parts[1]);
        let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        public.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap()).unwrap();
    }

    #[test]
    fn a_key_that_cannot_sign_is_told_without_showing_it() {
        for (name, algorithm, key) in [
            ("no PEM", Algorithm::Es256, Secret::new("hush".to_owned())),
            ("no key in it", Algorithm::Rs256, pem(b"hush")),
            ("none at all", Algorithm::Es256, Secret::new(String::new())),
        ] {
            let error = token(&claims(algorithm, key), Timestamp::default()).unwrap_err();
            assert_eq!(error.kind, Kind::Settings, "{name}");
            assert!(!error.message.contains("hush"), "{error}");
        }
    }
}
