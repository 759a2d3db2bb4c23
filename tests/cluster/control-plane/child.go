package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// stopPatience is how long a child may take to end after SIGTERM before it is killed.
const stopPatience = 20 * time.Second

// child is one program of the control plane: a subcommand of this executable in its own process,
// whose output is appended to a log file. It may be started, ended and started again.
//
// Its methods may be called from any goroutine, but not two at a time for the same child.
type child struct {
	name      string // the subcommand, and the name of the log
	logFolder string

	mutex   sync.Mutex
	process *os.Process
	ended   chan struct{} // closed when the process is gone
	wanted  bool          // false once someone asked it to end
}

// starts carries every fork to one thread that never ends: the kernel delivers the parent-death
// signal when the *thread* that forked ends (prctl(2), PR_SET_PDEATHSIG).
var starts = sync.OnceValue(func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// start runs the subcommand with these arguments. unexpected is called if it ends unasked.
func (c *child) start(arguments []string, unexpected func(error)) error {
	if c.running() {
		return fmt.Errorf("%s is running already", c.name)
	}
	log, err := os.OpenFile(c.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(executable, append([]string{c.name}, arguments...)...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		Setpgid:   true, // a Ctrl-C at the terminal is for "run" alone, which ends its children in order
	}
	started := make(chan error)
	starts() <- func() { started <- command.Start() }
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	ended := make(chan struct{})
	c.mutex.Lock()
	c.process, c.ended, c.wanted = command.Process, ended, true
	c.mutex.Unlock()
	go func() {
		err := command.Wait()
		c.mutex.Lock()
		wanted := c.wanted
		c.process = nil
		c.mutex.Unlock()
		close(ended)
		if wanted && unexpected != nil {
			unexpected(fmt.Errorf("%s ended unasked (%v); its log is %s", c.name, err, c.logPath()))
		}
	}()
	return nil
}

func (c *child) logPath() string { return filepath.Join(c.logFolder, c.name+".log") }

func (c *child) running() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.process != nil
}

// pid is 0 where nothing runs.
func (c *child) pid() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.process == nil {
		return 0
	}
	return c.process.Pid
}

// end sends the signal, waits until the process is gone, and kills it when it takes too long.
// Nothing running is no error.
func (c *child) end(signal syscall.Signal) error {
	c.mutex.Lock()
	process, ended := c.process, c.ended
	c.wanted = false
	c.mutex.Unlock()
	if process == nil {
		return nil
	}
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", signal, c.name, err)
	}
	// A stopped process takes no other signal than SIGKILL before it continues.
	_ = process.Signal(syscall.SIGCONT)
	select {
	case <-ended:
		return nil
	case <-time.After(stopPatience):
	}
	_ = process.Kill()
	<-ended
	return nil
}

// signal sends one without waiting: SIGSTOP makes a server that holds its connections and is silent.
func (c *child) signal(signal syscall.Signal) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.process == nil {
		return fmt.Errorf("%s is not running", c.name)
	}
	return c.process.Signal(signal)
}
