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

func hello(answer http.ResponseWriter, request *http.Request) {
	fmt.Fprint(answer, identity.CallerOf(request.Context()).Subject)
}

func report(answer http.ResponseWriter, request *http.Request) {
	if !identity.CallerOf(request.Context()).HasRole("admin") {
		http.Error(answer, "admins only", http.StatusForbidden)
		return
	}
	fmt.Fprintln(answer, `{"lines":[]}`)
}
