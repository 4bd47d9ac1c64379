package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/service/identity"
)

func main() {
	verifier := identity.New(os.Getenv("GATEWAY_KEYS_URL"), os.Getenv("AUDIENCE"))
	http.Handle("/", verifier.Require(http.HandlerFunc(hello)))
	http.Handle("/report", verifier.Require(http.HandlerFunc(report)))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, identity.CallerOf(r.Context()).Subject)
}

func report(w http.ResponseWriter, r *http.Request) {
	if !identity.CallerOf(r.Context()).HasRole("admin") {
		http.Error(w, "admins only", http.StatusForbidden)
		return
	}
	fmt.Fprintln(w, `{"lines":[]}`)
}
