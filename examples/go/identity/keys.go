package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"sync"
	"time"
)

const (
	// An unknown key is asked for at most once per second.
	cooldown = time.Second
	// Keys that could not be fetched again for a day are not trusted.
	lifetime = 24 * time.Hour
)

// gatewayKeys are the keys of all gateways, by kid.
type gatewayKeys struct {
	url    string
	client http.Client

	fetching sync.Mutex
	asked    time.Time
	// whether the last set was fetched and had the keys of all gateways
	complete bool

	mutex   sync.RWMutex
	known   map[string]*ecdsa.PublicKey
	fetched time.Time
}

func newGatewayKeys(url string) *gatewayKeys {
	return &gatewayKeys{url: url, client: http.Client{Timeout: 2 * time.Second}}
}

// find returns the key, or ErrUnavailable if it may exist but cannot be fetched.
func (k *gatewayKeys) find(kid string) (*ecdsa.PublicKey, error) {
	if key := k.get(kid); key != nil {
		return key, nil
	}
	// Requests with a known key do not wait for this one.
	k.fetching.Lock()
	defer k.fetching.Unlock()
	if key := k.get(kid); key != nil {
		return key, nil
	}
	if time.Since(k.asked) > cooldown {
		k.asked = time.Now()
		k.complete = k.fetch() == nil
	}
	if key := k.get(kid); key != nil {
		return key, nil
	}
	if k.complete {
		return nil, ErrUnauthenticated
	}
	return nil, ErrUnavailable
}

func (k *gatewayKeys) get(kid string) *ecdsa.PublicKey {
	k.mutex.RLock()
	defer k.mutex.RUnlock()
	if time.Since(k.fetched) > lifetime {
		return nil
	}
	return k.known[kid]
}

type jwk struct{ Kid, Crv, X, Y string }

// fetch returns an error if the set could not be fetched, or lacks the keys of other gateways.
func (k *gatewayKeys) fetch() error {
	answer, err := k.client.Get(k.url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var set struct {
		Keys     []jwk
		Complete *bool
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return err
	}
	known := map[string]*ecdsa.PublicKey{}
	for _, one := range set.Keys {
		if key := one.publicKey(); key != nil {
			known[one.Kid] = key
		}
	}
	k.mutex.Lock()
	k.known, k.fetched = known, time.Now()
	k.mutex.Unlock()
	if set.Complete != nil && !*set.Complete {
		return errors.New("the set lacks the keys of other gateways")
	}
	return nil
}

func (one jwk) publicKey() *ecdsa.PublicKey {
	x, errX := base64.RawURLEncoding.DecodeString(one.X)
	y, errY := base64.RawURLEncoding.DecodeString(one.Y)
	key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	if one.Crv != "P-256" || errX != nil || errY != nil || !key.Curve.IsOnCurve(key.X, key.Y) {
		return nil
	}
	return key
}
