/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates of fixed octets, so that a corpus can fit them: made with
 * t/certs.h, P-256, thirty days around FUZZ_NOW.  Their keys are lost.
 */
#include "t/fuzz/fuzz.h"

/* SAN mx1.d.example and *.w.example */
const char fuzz_leaf_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBQTCB6KADAgECAgEDMAoGCCqGSM49BAMCMA4xDDAKBgNVBAMTA0ludDAeFw0y\n"
    "NjEyMTYwODAwMDBaFw0yNzAyMTQwODAwMDBaMA4xDDAKBgNVBAMTA214MTBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABOyg/7kACqpiu+E2oXnSfe+1CvLwEgtG6jAi\n"
    "WvGxvlEzRRYY4W6xEncpvwC2BM9ARpxb47uxppxM3DPg+zjX2DujNzA1MCUGA1Ud\n"
    "EQQeMByCDW14MS5kLmV4YW1wbGWCCyoudy5leGFtcGxlMAwGA1UdEwEB/wQCMAAw\n"
    "CgYIKoZIzj0EAwIDSAAwRQIgGul+27CQ2BAJgjtH3nNUsUv4eeugqqIWO0p+4OrT\n"
    "Y6ACIQC0ASOWoZ+jycooIAIzzYw0ymDzAUeJIotudi0K1kF5Cw==\n"
    "-----END CERTIFICATE-----\n";

const char fuzz_ca_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBLjCB1aADAgECAgECMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBFJvb3QwHhcN\n"
    "MjYxMjE2MDgwMDAwWhcNMjcwMjE0MDgwMDAwWjAOMQwwCgYDVQQDEwNJbnQwWTAT\n"
    "BgcqhkjOPQIBBggqhkjOPQMBBwNCAAR75VejcyP/4fiyi0EWBCPn/qKibEQmfqUh\n"
    "Tfdm25EqdG9sexLoj156JqxoIaT7PQBA3xS06JjSrj2rIrIJpdo2oyMwITAPBgNV\n"
    "HRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQDAgNIADBFAiAv\n"
    "RCyYjOl8guC+fVObEfkTcXQW4dy+oGI+hj66sU6BhwIhAPVQwdtR5BhH18N/mvB1\n"
    "gdnRVyokbLWHWKjPfhqWolR7\n"
    "-----END CERTIFICATE-----\n";

const char fuzz_root_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBLzCB1qADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMTBFJvb3QwHhcN\n"
    "MjYxMjE2MDgwMDAwWhcNMjcwMjE0MDgwMDAwWjAPMQ0wCwYDVQQDEwRSb290MFkw\n"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE72p/1X4EqpOWvFhduZVQIot94AGjpMhK\n"
    "gtYlkd65C6xGdBaxL79pgV60OSLXmAUFWcHz6/OvfiGn4lvTYRViB6MjMCEwDwYD\n"
    "VR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAgQwCgYIKoZIzj0EAwIDSAAwRQIh\n"
    "AMR+f/7MuwXOsJ01aPnw9rbPKvV8mNKAys1WXRHdTCGgAiBUuW1C3tjtvomJOF1u\n"
    "RgAADrZboo65mTtaRK5WZPZ2+A==\n"
    "-----END CERTIFICATE-----\n";
