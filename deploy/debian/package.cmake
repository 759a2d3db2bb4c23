# The Debian package: cpack -G DEB --config build/release/CPackConfig.cmake
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # the package needs the agent, not the tests
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(documents usr/share/doc/ipvs-agent)

configure_file(${debian}/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog @ONLY)
install(TARGETS ipvs-agent RUNTIME DESTINATION usr/sbin)
install(FILES ${debian}/config.yaml DESTINATION etc/ipvs-agent)
install(FILES ${debian}/ipvs-agent.service DESTINATION lib/systemd/system)
install(FILES ${debian}/copyright DESTINATION ${documents})
# Debian wants them compressed, and each build the same.
foreach(file ${PROJECT_BINARY_DIR}/debian/changelog ${PROJECT_SOURCE_DIR}/README.md
             ${PROJECT_SOURCE_DIR}/docs/configuration.md ${PROJECT_SOURCE_DIR}/docs/command-line.md
             ${debian}/ipvs-agent.8)
  get_filename_component(name ${file} NAME)
  set(folder ${documents})
  if(name MATCHES "\\.8$")
    set(folder usr/share/man/man8)
  endif()
  install(CODE "
    set(made \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${folder}/${name}.gz\")
    file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${folder}\")
    execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE \"\${made}\" COMMAND_ERROR_IS_FATAL ANY)
    file(CHMOD \"\${made}\" FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)")
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ipvs-agent)
set(CPACK_PACKAGE_CONTACT "ipvs-agent maintainers <maintainers@ipvs-agent.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "keeps IPVS in step with Kubernetes Services")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Node agent that does what kube-proxy's IPVS mode does: it watches Services
and EndpointSlices, keeps the kernel's virtual servers in step with them,
and manages the addresses, ipsets and iptables rules that IPVS needs.")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "iptables, kmod, init-system-helpers (>= 1.52)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "ipvsadm, ipset, conntrack")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
include(CPack)
