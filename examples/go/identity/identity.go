// Package identity tells a service behind a Gatehouse gateway who is calling. It needs the standard library alone. Copy it into
// your service.
package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"
	"time"
)

const leeway = 5 * time.Second

// ErrUnauthenticated says that there is no valid assertion: the client should sign in.
var ErrUnauthenticated = errors.New("no valid assertion")

// ErrUnavailable says that the key of the assertion cannot be fetched now: the client should try again.
var ErrUnavailable = errors.New("the keys of the gateways cannot be fetched")

// Caller is who sent a request. Session and Email are empty if the access token has none.
type Caller struct {
	Subject   string                     `json:"sub"`
	Session   string                     `json:"sid"`
	Client    string                     `json:"client_id"`
	Email     string                     `json:"email"`
	Roles     []string                   `json:"roles"`
	Scope     string                     `json:"scope"`
	ExpiresAt int64                      `json:"token_exp"`
	Claims    map[string]json.RawMessage `json:"claims"`
}

// HasRole tells whether the caller has a role.
func (c *Caller) HasRole(role string) bool { return contains(c.Roles, role) }

// HasScope tells whether the access token has a scope.
func (c *Caller) HasScope(scope string) bool { return contains(strings.Fields(c.Scope), scope) }

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

// Verifier verifies assertions.
type Verifier struct {
	keys     *gatewayKeys
	audience string
}

// New returns a Verifier. gatewayKeys is the address of /.well-known/gateway-jwks.json on the ops listener of a gateway, and
// audience the name of this service in the route table of the gateway.
func New(gatewayKeys, audience string) *Verifier {
	if gatewayKeys == "" || audience == "" {
		panic("identity: gatewayKeys and audience must be set")
	}
	return &Verifier{keys: newGatewayKeys(gatewayKeys), audience: audience}
}

type callerKey struct{}

// CallerOf returns the caller of a request that passed Require.
func CallerOf(ctx context.Context) *Caller {
	caller, _ := ctx.Value(callerKey{}).(*Caller)
	return caller
}

// Require answers 401 or 503 to requests without a valid assertion.
func (v *Verifier) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := v.Caller(r.Header)
		if err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)))
	})
}

// Caller returns who sent a request with these headers, or ErrUnauthenticated or ErrUnavailable.
func (v *Verifier) Caller(header http.Header) (*Caller, error) {
	assertions := header.Values("X-Auth-Assertion")
	if len(assertions) != 1 {
		return nil, ErrUnauthenticated
	}
	parts := strings.Split(assertions[0], ".")
	if len(parts) != 3 {
		return nil, ErrUnauthenticated
	}
	var head struct{ Alg, Typ, Kid string }
	if decode(parts[0], &head) != nil || head.Alg != "ES256" || head.Typ != "gatehouse-assertion+jwt" {
		return nil, ErrUnauthenticated
	}
	key, err := v.keys.find(head.Kid)
	if err != nil {
		return nil, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !isSigned(key, parts[0]+"."+parts[1], signature) {
		return nil, ErrUnauthenticated
	}
	return v.accept(parts[1])
}

func isSigned(key *ecdsa.PublicKey, text string, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(text))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, digest[:], r, s)
}

func (v *Verifier) accept(payload string) (*Caller, error) {
	var claims struct {
		Caller
		Issuer   string `json:"iss"`
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
	}
	if decode(payload, &claims) != nil {
		return nil, ErrUnauthenticated
	}
	isCurrent := time.Now().Add(-leeway).Unix() < claims.Expires
	if claims.Issuer != "gatehouse-gateway" || claims.Audience != v.audience || claims.Subject == "" || !isCurrent {
		return nil, ErrUnauthenticated
	}
	return &claims.Caller, nil
}

func decode(part string, into any) error {
	bytes, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, into)
}

// refuse answers with problem details (RFC 9457), with the members that the errors of the gateway have.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, code, title := http.StatusUnauthorized, "UNAUTHENTICATED", "Sign in to continue"
	header := w.Header()
	if errors.Is(err, ErrUnavailable) {
		status, code, title = http.StatusServiceUnavailable, "UNAVAILABLE", "Temporarily unavailable"
		header.Set("Retry-After", "1")
	} else {
		header.Set("WWW-Authenticate", "Bearer")
	}
	id := r.Header.Get("X-Request-Id")
	if id == "" {
		// The request bypassed the gateway, which sends an id with each request.
		id = newID()
	}
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{
		"type":      "urn:gatehouse:problem:" + strings.ToLower(code),
		"title":     title,
		"status":    status,
		"code":      code,
		"requestId": id,
		"retryable": status == http.StatusServiceUnavailable,
	})
}

func newID() string {
	bytes := make([]byte, 16)
	rand.Read(bytes)
	return hex.EncodeToString(bytes)
}
