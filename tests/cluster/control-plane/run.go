package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/klog/v2"
)

// run is the subcommand "run": everything up, then wait for the end. Returns the exit status.
func run(arguments []string) int {
	var s settings
	var san string
	flags := flag.NewFlagSet("control-plane run", flag.ContinueOnError)
	flags.StringVar(&s.state, "state", "", "folder for keys, database and logs; made, and removed at the end (required)")
	flags.BoolVar(&s.keep, "keep", false, "leave the state folder behind")
	flags.IntVar(&s.apiPort, "api-port", 0, "port of the API server; 0: any free one")
	flags.IntVar(&s.controlPort, "control-port", 0, "port of the control endpoint on 127.0.0.1; 0: any free one")
	flags.StringVar(&s.bind, "bind-address", "127.0.0.1", "address the API server listens on")
	flags.StringVar(&s.advertise, "advertise-address", guestView, "endpoint of the Service default/kubernetes; not a loopback address")
	flags.StringVar(&san, "san", "", "more addresses for the serving certificate, with commas")
	flags.StringVar(&s.serviceCIDR, "service-cidr", "10.96.0.0/16,fd00:10:96::/112", "addresses of Services, with commas")
	flags.IntVar(&s.verbosity, "v", 1, "verbosity of the children's logs")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if s.state == "" || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "control-plane run: give --state FOLDER and no other arguments than flags")
		return 2
	}
	if san != "" {
		s.san = strings.Split(san, ",")
	}
	// The libraries of the API's and etcd's clients log what their calls return as errors anyway.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := serve(s); err != nil {
		fmt.Fprintln(os.Stderr, "control-plane:", err)
		return 1
	}
	return 0
}

// serve runs the control plane until a signal, /shutdown, or the unasked end of a part (an error).
func serve(s settings) (err error) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer cancel()
	if s.state, err = filepath.Abs(s.state); err != nil {
		return err
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	if s.apiPort == 0 {
		s.apiPort = ports[2]
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.controlPort)))
	if err != nil {
		return err
	}
	defer listener.Close()
	s.controlPort = listener.Addr().(*net.TCPAddr).Port

	began := time.Now()
	p, err := newPlane(s, [2]int{ports[0], ports[1]})
	if err != nil {
		return err
	}
	defer func() {
		p.stopAll()
		if err != nil {
			fmt.Fprintf(os.Stderr, "control-plane: the logs stay in %s\n", p.folders.path("logs"))
		} else if !s.keep {
			err = p.folders.remove()
		}
	}()
	fmt.Fprintf(os.Stderr, "control-plane: starting etcd and kube-apiserver, state in %s\n", s.state)
	if err := p.startAll(ctx); err != nil {
		return err
	}
	server := &http.Server{Handler: (&control{plane: p, shutdown: cancel}).handler()}
	go func() { p.report(server.Serve(listener)) }()
	defer func() {
		patience, stop := context.WithTimeout(context.Background(), time.Second)
		defer stop()
		_ = server.Shutdown(patience) // lets the answer to /shutdown out
	}()
	if err := p.folders.write("ready.env", []byte(readyEnvironment(s))); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "control-plane: ready after %.1f s: API https://127.0.0.1:%d, control http://127.0.0.1:%d\n",
		time.Since(began).Seconds(), s.apiPort, s.controlPort)
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.failed:
		return err
	}
}

// readyEnvironment is what a test needs to know, as lines for a shell.
func readyEnvironment(s settings) string {
	return fmt.Sprintf("CLUSTER_API_PORT=%d\nCLUSTER_CONTROL_PORT=%d\nCLUSTER_STATE=%s\n",
		s.apiPort, s.controlPort, s.state)
}

// freePorts finds ports that nobody listens on. Another program can take one before it is used;
// the start then fails and says so.
func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close() // all at the end, so that no port is found twice
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
