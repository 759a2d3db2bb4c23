package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"sync"
	"syscall"
	"time"
)

// control is the plain-HTTP port through which tests disturb the control plane. One disturbance
// runs at a time, and is answered when its effect is there.
type control struct {
	plane    *plane
	shutdown func()
	mutex    sync.Mutex
}

const controlHelp = `GET  /ready                        200 when the API server is ready, else 503
GET  /env                          the shell lines of ready.env
GET  /files/FOLDER/NAME            admin, agent, kubeconfig of the state folder as they are now
POST /PART/start|stop|kill|restart PART: etcd, apiserver, controllers. ?flag=--name=value (repeated)
                                   starts it with more flags. ?wait=false does not wait until ready
POST /PART/pause|resume            SIGSTOP, SIGCONT: connections stay, nothing answers
POST /etcd/compact                 forget the history up to the current revision
POST /rotate/serving-cert?kind=    good, expired, wrong-name, new-authority
POST /rotate/client-cert?ttl=30s   without ttl: a day
POST /rotate/token?revoke=true     revoke: earlier tokens become void; &lifetime=10m is the least
POST /shutdown
`

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, r *http.Request) {
		if err := c.plane.checkReady(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /env", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, c.plane.folders.path("ready.env"))
	})
	for _, folder := range []string{"admin", "agent", "kubeconfig"} {
		prefix := "/files/" + folder + "/"
		files := http.FileServer(http.Dir(c.plane.folders.path(folder)))
		mux.Handle("GET "+prefix, http.StripPrefix(prefix, files))
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.Error(w, "unknown path; this port knows:\n"+controlHelp, http.StatusNotFound)
			return
		}
		fmt.Fprint(w, controlHelp)
	})
	mux.HandleFunc("POST /{part}/{action}", func(w http.ResponseWriter, r *http.Request) {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		answer, err := c.act(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, answer)
	})
	mux.HandleFunc("POST /shutdown", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "shutting down")
		c.shutdown()
	})
	return mux
}

func (c *control) act(r *http.Request) (string, error) {
	part, action := r.PathValue("part"), r.PathValue("action")
	switch {
	case part == "rotate":
		return c.rotate(r, action)
	case part == "etcd" && action == "compact":
		revision, err := c.plane.compact(r.Context())
		return strconv.FormatInt(revision, 10), err
	}
	return c.disturb(r, part, action)
}

// disturb starts, ends or freezes one part.
func (c *control) disturb(r *http.Request, part, action string) (string, error) {
	flags := r.URL.Query()["flag"]
	var target *child
	var start func() error
	switch part {
	case "etcd":
		target, start = c.plane.etcd, c.plane.startEtcd
	case "apiserver":
		target, start = c.plane.apiserver, func() error { return c.plane.startAPIServer(flags) }
	case "controllers":
		target, start = c.plane.controllers, c.plane.startControllers
	default:
		return "", fmt.Errorf("unknown part %q: allowed are etcd, apiserver, controllers", part)
	}
	if len(flags) > 0 && part != "apiserver" {
		return "", fmt.Errorf("?flag is for the apiserver only, not for %q", part)
	}
	var err error
	switch action {
	case "start":
		err = start()
	case "stop":
		return part + " stopped", target.end(syscall.SIGTERM)
	case "kill":
		return part + " killed", target.end(syscall.SIGKILL)
	case "pause":
		return part + " paused", target.signal(syscall.SIGSTOP)
	case "restart":
		err = errors.Join(target.end(syscall.SIGKILL), start())
	case "resume":
		err = target.signal(syscall.SIGCONT)
	default:
		return "", fmt.Errorf("unknown action %q: allowed are start, stop, kill, restart, pause, resume", action)
	}
	if err == nil && r.URL.Query().Get("wait") != "false" {
		err = c.plane.waitReady(r.Context())
	}
	return part + " " + action + ": done", err
}

// rotate replaces one kind of credential.
func (c *control) rotate(r *http.Request, what string) (string, error) {
	query := r.URL.Query()
	switch what {
	case "serving-cert":
		return c.rotateServing(r.Context(), query.Get("kind"))
	case "client-cert":
		ttl, err := duration(query.Get("ttl"), 24*time.Hour)
		if err != nil {
			return "", err
		}
		return "new client certificate, valid for " + ttl.String(),
			c.plane.credentials.rotateClient(time.Now().Add(ttl))
	case "token":
		lifetime, err := duration(query.Get("lifetime"), time.Hour)
		if err != nil {
			return "", err
		}
		client, err := c.plane.client()
		if err != nil {
			return "", err
		}
		return "new token",
			c.plane.credentials.rotateToken(r.Context(), client, query.Get("revoke") == "true", lifetime)
	}
	return "", fmt.Errorf("cannot rotate %q: allowed are serving-cert, client-cert, token", what)
}

func (c *control) rotateServing(ctx context.Context, kind string) (string, error) {
	made := c.plane.credentials
	signer, to, addresses := made.serving, time.Time{}, made.addresses
	switch kind {
	case "", "good":
	case "expired":
		to = time.Now().Add(-time.Minute)
	case "wrong-name":
		addresses = []string{"192.0.2.1"}
	case "new-authority":
		var err error
		if signer, err = newAuthority("control-plane test authority, another"); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("unknown kind %q: allowed are good, expired, wrong-name, new-authority", kind)
	}
	certificate, err := made.rotateServing(signer, to, addresses)
	if err != nil {
		return "", err
	}
	if err := made.writeKubeconfigs(); err != nil {
		return "", err
	}
	return "serving certificate in use", c.plane.retry(ctx, "the API server to serve the new certificate",
		func() error { return c.checkServes(certificate) })
}

// checkServes compares the certificate that a new connection gets.
func (c *control) checkServes(certificate []byte) error {
	want, _ := pem.Decode(certificate)
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(c.plane.settings.apiPort))
	connection, err := tls.DialWithDialer(dialer, "tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer connection.Close()
	served := connection.ConnectionState().PeerCertificates[0].Raw
	if want == nil || !bytes.Equal(served, want.Bytes) {
		return errors.New("another certificate is served still")
	}
	return nil
}

func duration(text string, otherwise time.Duration) (time.Duration, error) {
	if text == "" {
		return otherwise, nil
	}
	return time.ParseDuration(text)
}
