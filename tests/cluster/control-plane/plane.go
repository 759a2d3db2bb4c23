package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// readyPatience is how long a part may take until it answers; a cold start takes about 10 s.
const readyPatience = 2 * time.Minute

// settings are the flags of "run".
type settings struct {
	state       string
	keep        bool
	apiPort     int
	controlPort int
	bind        string
	advertise   string
	san         []string
	serviceCIDR string
	verbosity   int
}

// plane is the running control plane: the three children and what they were given.
//
// start, stop and the rotations are for one goroutine at a time (control.go holds a lock).
type plane struct {
	settings    settings
	folders     folders
	credentials *credentials
	etcdPort    int
	etcdPeer    int
	etcd        *child
	apiserver   *child
	controllers *child
	failed      chan error // a child that ended unasked
}

func newPlane(s settings, ports [2]int) (*plane, error) {
	f := folders{s.state}
	if err := f.create(); err != nil {
		return nil, err
	}
	ca, err := newAuthority("control-plane test authority")
	if err != nil {
		return nil, err
	}
	addresses := append([]string{"127.0.0.1", "::1", guestView}, s.san...)
	if first, err := firstAddress(s.serviceCIDR); err == nil {
		addresses = append(addresses, first) // the Service "kubernetes" in namespace default
	}
	p := &plane{
		settings: s,
		folders:  f,
		credentials: &credentials{
			folders: f, authority: ca, addresses: addresses, apiPort: s.apiPort,
			names: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		},
		etcdPort:    ports[0],
		etcdPeer:    ports[1],
		etcd:        &child{name: "etcd", logFolder: f.path("logs")},
		apiserver:   &child{name: "kube-apiserver", logFolder: f.path("logs")},
		controllers: &child{name: "kube-controller-manager", logFolder: f.path("logs")},
		failed:      make(chan error, 8),
	}
	return p, p.credentials.writeAll()
}

func (p *plane) etcdURL() string { return "http://127.0.0.1:" + strconv.Itoa(p.etcdPort) }

func (p *plane) startEtcd() error {
	peer := "http://127.0.0.1:" + strconv.Itoa(p.etcdPeer)
	return p.etcd.start([]string{
		"--name=test", "--data-dir=" + p.folders.path("etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=" + p.etcdURL(), "--advertise-client-urls=" + p.etcdURL(),
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=test=" + peer, "--log-level=warn",
	}, p.report)
}

// startAPIServer starts it with more flags than usual, if given: "--feature-gates=WatchList=false".
func (p *plane) startAPIServer(more []string) error {
	pki := func(name string) string { return p.folders.path("pki", name) }
	return p.apiserver.start(append([]string{
		"--etcd-servers=" + p.etcdURL(),
		"--etcd-compaction-interval=0", // only on request: POST /etcd/compact
		"--bind-address=" + p.settings.bind, "--secure-port=" + strconv.Itoa(p.settings.apiPort),
		"--advertise-address=" + p.settings.advertise,
		"--service-cluster-ip-range=" + p.settings.serviceCIDR,
		"--tls-cert-file=" + pki("serving.crt"), "--tls-private-key-file=" + pki("serving.key"),
		"--client-ca-file=" + pki("client-ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + pki("sa.pub"), "--service-account-signing-key-file=" + pki("sa.key"),
		"--authorization-mode=RBAC",
		// Pods are made without a service account: nobody here runs them.
		"--disable-admission-plugins=ServiceAccount",
		"--allow-privileged=true", "--profiling=false",
		// The agent's flow-control share must not depend on how many cores the machine has.
		"--max-requests-inflight=400", "--max-mutating-requests-inflight=200",
		"--v=" + strconv.Itoa(p.settings.verbosity),
	}, more...), p.report)
}

func (p *plane) startControllers() error {
	kubeconfig := p.folders.path("pki/internal.yaml")
	return p.controllers.start([]string{
		"--kubeconfig=" + kubeconfig,
		"--controllers=endpointslice-controller,endpointslice-mirroring-controller,endpoints-controller," +
			"garbage-collector-controller,namespace-controller",
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
		"--kube-api-qps=500", "--kube-api-burst=1000",
		"--concurrent-service-endpoint-syncs=5",
		"--v=" + strconv.Itoa(p.settings.verbosity),
	}, p.report)
}

func (p *plane) report(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// startAll brings up everything and the agent's account and token; each step waits for the last.
func (p *plane) startAll(ctx context.Context) error {
	if err := p.startEtcd(); err != nil {
		return err
	}
	if err := p.startAPIServer(nil); err != nil {
		return err
	}
	if err := p.waitReady(ctx); err != nil {
		return err
	}
	if err := p.startControllers(); err != nil {
		return err
	}
	client, err := p.client()
	if err != nil {
		return err
	}
	if err := p.retry(ctx, "grant the agent its role", func() error { return grant(ctx, client) }); err != nil {
		return err
	}
	return p.retry(ctx, "make the agent's token", func() error {
		return p.credentials.rotateToken(ctx, client, false, time.Hour)
	})
}

// stopAll ends the children in the order that loses no write. Never fails; kills what does not end.
func (p *plane) stopAll() {
	for _, c := range []*child{p.controllers, p.apiserver} {
		_ = c.end(syscall.SIGKILL) // they hold no state, and the API server takes long to say goodbye
	}
	_ = p.etcd.end(syscall.SIGTERM)
}

// client talks to the API server as the admin, from this machine.
func (p *plane) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", p.folders.path("pki/internal.yaml"))
	if err != nil {
		return nil, err
	}
	return kubernetes.NewForConfig(config)
}

// checkReady asks the API server's /readyz once. Its certificate is not looked at: it may be a
// wrong one on purpose.
func (p *plane) checkReady(ctx context.Context) error {
	certificate, err := tls.LoadX509KeyPair(p.folders.path("admin/client.crt"), p.folders.path("admin/client.key"))
	if err != nil {
		return err
	}
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, Certificates: []tls.Certificate{certificate}},
		DisableKeepAlives: true,
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(p.settings.apiPort)) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New("/readyz answered " + response.Status)
	}
	return nil
}

func (p *plane) waitReady(ctx context.Context) error {
	return p.retry(ctx, "the API server to become ready", func() error { return p.checkReady(ctx) })
}

// retry does it until it succeeds, a child ends, or patience is over.
func (p *plane) retry(ctx context.Context, what string, attempt func() error) error {
	deadline := time.Now().Add(readyPatience)
	for {
		err := attempt()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v for %s: %w", readyPatience, what, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case ended := <-p.failed:
			return ended
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// compact discards etcd's history before the current revision, and returns that revision. The API
// server's watch cache still has it until the API server restarts.
func (p *plane) compact(ctx context.Context) (int64, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{p.etcdURL()}, DialTimeout: 5 * time.Second})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	answer, err := client.Get(ctx, "/registry/health")
	if err != nil {
		return 0, fmt.Errorf("ask etcd for its revision: %w", err)
	}
	revision := answer.Header.Revision
	_, err = client.Compact(ctx, revision, clientv3.WithCompactPhysical())
	if err != nil && !strings.Contains(err.Error(), "has been compacted") {
		return 0, fmt.Errorf("compact etcd to revision %d: %w", revision, err)
	}
	return revision, nil
}

func firstAddress(cidr string) (string, error) {
	first, _, _ := strings.Cut(cidr, ",")
	ip, network, err := net.ParseCIDR(first)
	if err != nil {
		return "", err
	}
	bytes := ip.Mask(network.Mask)
	bytes[len(bytes)-1]++
	return bytes.String(), nil
}

func mustRead(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err) // written by this program a moment ago
	}
	return content
}
